package control

import (
	"context"
	"errors"
	"fmt"
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

// ToldBook has what customers filled in.
type ToldBook interface {
	SheetAnswers(ctx context.Context, connection string, before int64, limit int) ([]store.SheetAnswer, error)
	SheetToldByLink(ctx context.Context, connection string, links int) ([]store.SheetTold, error)
	SheetWaits(ctx context.Context, connection string) (incident int64, err error)
	Pins(ctx context.Context, address string) ([]job.Pin, error)
}

// Told is what a customer filled in at one time.
type Told struct {
	ID       int64              `json:"id"`
	At       time.Time          `json:"at"`
	Language string             `json:"language"` // of the form
	Link     store.LinkOfAnswer `json:"link"`     // by which it came
	Fields   []ToldField        `json:"fields"`
}

// ToldField is one thing that was filled in, with what we have. The value is text from outside.
type ToldField struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value"`
	Ours  string `json:"ours,omitempty"` // as we have it; empty: nothing to compare with
	Same  bool   `json:"same"`           // it is what we have
}

// Answers gives a part of what a customer filled in for a connection, the latest first, beside what we have: with before only what has a lower number.
// It changes nothing.
func Answers(ctx context.Context, cfg *config.Config, book ToldBook, name string, before int64, limit int) ([]Told, error) {
	beside, err := besideOurs(ctx, cfg, book, name)
	if err != nil {
		return nil, err
	}
	kept, err := book.SheetAnswers(ctx, name, before, limit)
	told := make([]Told, len(kept))
	for i, a := range kept {
		told[i] = beside(a)
	}
	return told, err
}

// Heard is what customers told of a connection, by the links to its sheet.
type Heard struct {
	Waits int64         // the incident that it is to be dealt with; 0: it is not
	Last  int64         // the number of the last answer; 0: there is none
	Links []HeardByLink // the one that was used last first; those before linksShown others are left out
}

// HeardByLink is what came by one link.
type HeardByLink struct {
	Times int
	Last  Told
	First *Told // nil: the last is the first
}

// linksShown is of how many links what came by them is shown at once.
const linksShown = 5

// HeardOf gives what came first and last by each link to the sheet of a connection, beside what we have.
func HeardOf(ctx context.Context, cfg *config.Config, book ToldBook, name string) (Heard, error) {
	beside, err := besideOurs(ctx, cfg, book, name)
	if err != nil {
		return Heard{}, err
	}
	told, err := book.SheetToldByLink(ctx, name, linksShown)
	if err != nil || len(told) == 0 {
		return Heard{}, err
	}
	h := Heard{Last: told[0].Last.ID}
	for _, t := range told {
		by := HeardByLink{Times: t.Times, Last: beside(t.Last)}
		if t.First.ID != t.Last.ID {
			first := beside(t.First)
			by.First = &first
		}
		h.Links = append(h.Links, by)
	}
	h.Waits, err = book.SheetWaits(ctx, name)
	return h, err
}

// besideOurs puts answers for a connection beside what we have of it.
func besideOurs(ctx context.Context, cfg *config.Config, book pinned, name string) (func(store.SheetAnswer) Told, error) {
	c, found := cfg.Connections[name]
	if !found {
		return nil, noConnection(name)
	}
	keys, err := hostKeysOf(ctx, book, c)
	return func(a store.SheetAnswer) Told {
		return Told{ID: a.ID, At: a.At, Language: a.Language, Link: a.Link, Fields: compared(a.Answers, c, keys)}
	}, err
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

// FillBook keeps what customers fill in.
type FillBook interface {
	pinned
	AddSheetAnswer(ctx context.Context, f store.FilledIn) (store.SheetAnswer, error)
}

// FillIn keeps what somebody filled in by a link, and has our people told. Errors are those of the store's AddSheetAnswer; a connection
// that is not configured is job.ErrNotFound, and nothing is kept for it.
func FillIn(ctx context.Context, cfg *config.Config, book FillBook, link store.SheetLink, language string, answers sheet.Answers, now time.Time) error {
	beside, err := besideOurs(ctx, cfg, book, link.Connection)
	if err != nil {
		return err
	}
	f := store.FilledIn{Link: link.Hash, Language: language, Answers: answers, At: now}
	f.Reason = answered(link, beside(store.SheetAnswer{Answers: answers}).Fields)
	_, err = book.AddSheetAnswer(ctx, f)
	return err
}

// answered says that a customer told us something, without what.
func answered(link store.SheetLink, fields []ToldField) job.Reason {
	var said, others []string
	for _, f := range fields {
		if said = append(said, f.Name); f.Ours != "" && !f.Same {
			others = append(others, f.Name)
		}
	}
	cause := fmt.Sprintf("whoever has the link that %s made filled in the onboarding sheet of %s: %s", link.By, link.Connection, strings.Join(said, ", "))
	if len(others) > 0 {
		cause += "; not as we have it: " + strings.Join(others, ", ")
	}
	return job.Reason{
		Slug: "onboarding.answered", What: "nothing was changed by it, and the jobs go on as they are", Cause: cause,
		Do: fmt.Sprintf("haulier onboarding %s --answers", link.Connection), Who: job.WhoUs,
	}
}

// Handler records that answers were dealt with.
type Handler interface {
	HandleSheet(ctx context.Context, connection string, last int64, by string, at time.Time) error
}

// HandleAnswers records that somebody has dealt with what was filled in for a connection, up to the answer of a number: what came behind
// that they have not seen, and it waits on.
func HandleAnswers(ctx context.Context, cfg *config.Config, book Handler, name string, last int64, by string) error {
	if _, found := cfg.Connections[name]; !found {
		return noConnection(name)
	}
	err := book.HandleSheet(ctx, name, last, by, time.Now())
	r := &job.Reason{What: "nothing was marked as dealt with", Do: fmt.Sprintf("haulier onboarding %s --answers", name), Who: job.WhoUs, Err: err}
	switch {
	case errors.Is(err, job.ErrStale):
		r.Slug, r.Cause = "onboarding.newer_answer", fmt.Sprintf("more was filled in for %s since number %d", name, last)
	case errors.Is(err, job.ErrNotFound):
		r.Slug, r.Cause = "onboarding.nothing_waits", fmt.Sprintf("nothing that was filled in for %s waits for somebody, or not up to number %d", name, last)
	default:
		return err
	}
	return r
}
