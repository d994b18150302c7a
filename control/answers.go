package control

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/internal/words"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// ToldBook has what customers filled in, and what to compare it with.
type ToldBook interface {
	SheetBook
	SheetAnswers(ctx context.Context, connection string, limit int) ([]store.SheetAnswer, error)
}

// Told is what a customer filled in at one time.
type Told struct {
	ID       int64       `json:"id"`
	At       time.Time   `json:"at"`
	Language string      `json:"language"` // of the form
	Fields   []ToldField `json:"fields"`
}

// ToldField is one thing that was filled in, with what we have. The value is text from outside.
type ToldField struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value"`
	Ours  string `json:"ours,omitempty"` // as we have it; empty: nothing to compare with
	Same  bool   `json:"same"`           // it is what we have
}

// Answers gives what a customer filled in for a connection, the latest first, beside what we have. It changes nothing.
func Answers(ctx context.Context, cfg *config.Config, book ToldBook, name string, limit int) ([]Told, error) {
	c, found := cfg.Connections[name]
	if !found {
		return nil, noConnection(cfg, name)
	}
	kept, err := book.SheetAnswers(ctx, name, limit)
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	var keys sheet.Facts
	if err := addHostKeys(ctx, book, c, nil, &keys); err != nil {
		return nil, err
	}
	told := make([]Told, len(kept))
	for i, a := range kept {
		told[i] = Told{ID: a.ID, At: a.At, Language: a.Language, Fields: compared(a.Answers, c, keys.HostKeys)}
	}
	return told, nil
}

func compared(answers sheet.Answers, c job.Connection, hostKeys []string) []ToldField {
	ours := map[string]string{"host": c.Host, "port": strconv.Itoa(c.Port), "user": c.User, "hostkey": strings.Join(hostKeys, ", ")}
	names := slices.DeleteFunc(sheet.Fields(), func(name string) bool { return answers[name] == "" })
	fields := make([]ToldField, len(names))
	for i, pair := range sheet.Pairs(words.Default, answers) {
		f := ToldField{Name: names[i], Label: pair.Label, Value: pair.Value, Ours: ours[names[i]]}
		f.Same = f.Ours != "" && f.Value == f.Ours
		if f.Name == "hostkey" {
			f.Same = slices.ContainsFunc(hostKeys, func(key string) bool {
				_, print, found := strings.Cut(key, " ")
				return found && strings.Contains(f.Value, print)
			})
		}
		fields[i] = f
	}
	return fields
}
