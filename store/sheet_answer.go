package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

const (
	// answersOfLink is how often a link takes answers, answersOfConnection how many a connection keeps in all: who has a link can
	// neither fill the store nor push out what others said.
	answersOfLink       = 20
	answersOfConnection = 500

	// answerMost bounds what one answer says, in bytes as it is said. Its JSON has at most twice as many: no sign is written as six.
	answerMost = 192 << 10
)

// Errors of what is filled in.
var (
	ErrNoMore  = errors.New("it takes no more")
	ErrTooLong = errors.New("it is too long")
)

// SheetAnswer is what a customer filled in: text from outside, by the names of fields.
type SheetAnswer struct {
	ID         int64             `json:"id"`
	Connection string            `json:"connection"`
	Language   string            `json:"language"`
	Answers    map[string]string `json:"answers"`
	At         time.Time         `json:"at"`
	Link       LinkOfAnswer      `json:"link"`
}

// LinkOfAnswer tells the link by which something came from others. It is none that could be followed.
type LinkOfAnswer struct {
	By   string    `json:"by,omitempty"` // who made it
	Made time.Time `json:"made,omitzero"`
}

// FilledIn is what somebody fills in by a link.
type FilledIn struct {
	Link     string // hash of its token
	Language string
	Answers  map[string]string
	At       time.Time
	Reason   job.Reason // what our people are told
}

type sheetAnswerRow struct {
	ID         int64 `gorm:"primaryKey"`
	Connection string
	Link       string
	Language   string
	Answers    []byte
	At         int64
}

func (sheetAnswerRow) TableName() string { return "sheet_answers" }

func (r sheetAnswerRow) answer() (SheetAnswer, error) {
	a := SheetAnswer{ID: r.ID, Connection: r.Connection, Language: r.Language, At: instant(r.At)}
	if err := json.Unmarshal(r.Answers, &a.Answers); err != nil {
		return a, fmt.Errorf("answers %d: %w", r.ID, err)
	}
	return a, nil
}

// answerEvent is what is told of answers. What they say is for people to look at, and not in it.
type answerEvent struct {
	ID         int64    `json:"id"`
	Connection string   `json:"connection"`
	Fields     []string `json:"fields"`
}

// SheetCause is the cause of the incident that a customer has told us something and nobody has dealt with it. It is none of the connection's
// own, which end with a good login.
func SheetCause(connection string) string { return "sheet/" + connection + "/onboarding.answered" }

// AddSheetAnswer keeps what came by a link, with its event, its incident and a line in the audit list. What the link said last, said
// again as when a form is sent twice, is kept once. job.ErrNotFound for a link that is not there or has ended, ErrNoMore for one
// that takes no more, ErrTooLong.
func (s *Store) AddSheetAnswer(ctx context.Context, f FilledIn) (SheetAnswer, error) {
	row := sheetAnswerRow{Link: f.Link, Language: f.Language, At: micros(f.At)}
	var err error
	if row.Answers, err = answersText(f.Answers); err != nil {
		return SheetAnswer{}, err
	}
	err = s.write(ctx, "keep what a customer filled in", func(tx *gorm.DB) error {
		var link []sheetLinkRow
		if err := tx.Where("hash = ? AND expires > ?", f.Link, micros(f.At)).Find(&link).Error; err != nil {
			return err
		}
		if len(link) == 0 {
			return job.ErrNotFound
		}
		row.Connection = link[0].Connection
		return s.keepAnswer(tx, &row, f)
	})
	if err != nil {
		return SheetAnswer{}, err
	}
	return row.answer()
}

// answersText is what is kept of answers: signs that only pages have to escape stay one byte.
func answersText(answers map[string]string) ([]byte, error) {
	said := 0
	for name, value := range answers {
		said += len(name) + len(value)
	}
	if said > answerMost {
		return nil, fmt.Errorf("%d bytes were filled in: %w", said, ErrTooLong)
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	err := e.Encode(answers)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

func (s *Store) keepAnswer(tx *gorm.DB, row *sheetAnswerRow, f FilledIn) error {
	var before []sheetAnswerRow
	if err := tx.Where("link = ?", row.Link).Order("id DESC").Limit(1).Find(&before).Error; err != nil {
		return err
	}
	if len(before) > 0 && before[0].says(f.Answers) {
		*row = before[0]
		return nil
	}
	var kept struct{ Link, All int64 }
	err := tx.Raw(`SELECT (SELECT count(*) FROM sheet_answers WHERE link = ?) AS link, (SELECT count(*) FROM sheet_answers WHERE connection = ?) AS "all"`, row.Link, row.Connection).Scan(&kept).Error
	if err != nil {
		return err
	}
	if kept.Link >= answersOfLink || kept.All >= answersOfConnection {
		return ErrNoMore
	}
	if err := tx.Create(row).Error; err != nil {
		return err
	}
	if err := s.tell(tx, job.EventSheetAnswered, answerEvent{row.ID, row.Connection, slices.Sorted(maps.Keys(f.Answers))}); err != nil {
		return err
	}
	if err := strikeSheet(tx, row, f); err != nil {
		return err
	}
	return s.audit(tx, "the customer, by a link", "sheet.answer", row.Connection, fmt.Sprintf("answers %d", row.ID))
}

// says compares by what is said: how it is written has changed once.
func (r sheetAnswerRow) says(answers map[string]string) bool {
	a, err := r.answer()
	return err == nil && maps.Equal(a.Answers, answers)
}

// answersAgain is how long after people were told of answers they are told of further ones at the earliest.
const answersAgain = time.Hour

// strikeSheet has people told that there is something to deal with, also when somebody has taken on what was said before: that is not
// all by now. However much is sent, it is a letter an hour.
func strikeSheet(tx *gorm.DB, row *sheetAnswerRow, f FilledIn) error {
	k := job.Strike{Cause: SheetCause(row.Connection), Connection: row.Connection, Reason: f.Reason, At: f.At}
	standing, err := standingIncident(tx, k)
	if err != nil {
		return err
	}
	standing.Acked, standing.AckedBy, standing.AckNote = 0, "", ""
	if standing.Told != 0 {
		standing.Remind = max(micros(f.At), max(standing.Told, standing.Reminded)+answersAgain.Microseconds())
	}
	return standing.strike(tx, k)
}
