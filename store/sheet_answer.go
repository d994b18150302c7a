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

	// answerMost bounds one answer, in bytes of JSON.
	answerMost = 96 << 10
)

// ErrNoMore: no more is taken.
var ErrNoMore = errors.New("it takes no more")

// SheetAnswer is what a customer filled in: text from outside, by the names of fields.
type SheetAnswer struct {
	ID         int64             `json:"id"`
	Connection string            `json:"connection"`
	Language   string            `json:"language"`
	Answers    map[string]string `json:"answers"`
	At         time.Time         `json:"at"`
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

// AddSheetAnswer keeps what came by the link of a token's hash, with its event and a line in the audit list. The same again, as
// when a form is sent twice, is kept once. job.ErrNotFound for a link that is not there or has ended, ErrNoMore for one that takes no
// more.
func (s *Store) AddSheetAnswer(ctx context.Context, hash, language string, answers map[string]string, now time.Time) (SheetAnswer, error) {
	text, err := json.Marshal(answers)
	if err != nil {
		return SheetAnswer{}, err
	}
	if len(text) > answerMost {
		return SheetAnswer{}, fmt.Errorf("answers of %d bytes", len(text))
	}
	row := sheetAnswerRow{Link: hash, Language: language, Answers: text, At: micros(now)}
	err = s.write(ctx, "keep what a customer filled in", func(tx *gorm.DB) error {
		var link []sheetLinkRow
		if err := tx.Where("hash = ? AND expires > ?", hash, micros(now)).Find(&link).Error; err != nil {
			return err
		}
		if len(link) == 0 {
			return job.ErrNotFound
		}
		row.Connection = link[0].Connection
		return s.keepAnswer(tx, &row, answers)
	})
	if err != nil {
		return SheetAnswer{}, err
	}
	return row.answer()
}

func (s *Store) keepAnswer(tx *gorm.DB, row *sheetAnswerRow, answers map[string]string) error {
	var before []sheetAnswerRow
	if err := tx.Where("link = ?", row.Link).Order("id DESC").Limit(answersOfLink).Find(&before).Error; err != nil {
		return err
	}
	if len(before) > 0 && bytes.Equal(before[0].Answers, row.Answers) {
		*row = before[0]
		return nil
	}
	var all int64
	if err := tx.Model(&sheetAnswerRow{}).Where("connection = ?", row.Connection).Count(&all).Error; err != nil {
		return err
	}
	if len(before) >= answersOfLink || all >= answersOfConnection {
		return ErrNoMore
	}
	if err := tx.Create(row).Error; err != nil {
		return err
	}
	fields := slices.Sorted(maps.Keys(answers))
	if err := s.tell(tx, job.EventSheetAnswered, answerEvent{row.ID, row.Connection, fields}); err != nil {
		return err
	}
	return s.audit(tx, "the customer, by a link", "sheet.answer", row.Connection, fmt.Sprintf("answers %d", row.ID))
}

// SheetAnswers gives what was filled in for a connection, the latest first; at most limit, or 1,000 when limit is 0.
func (s *Store) SheetAnswers(ctx context.Context, connection string, limit int) ([]SheetAnswer, error) {
	var rows []sheetAnswerRow
	err := s.read(ctx, "read the answers for "+connection, func(db *gorm.DB) error {
		return db.Where("connection = ?", connection).Order("id DESC").Limit(bound(limit)).Find(&rows).Error
	})
	if err != nil {
		return nil, err
	}
	all := make([]SheetAnswer, len(rows))
	for i, r := range rows {
		if all[i], err = r.answer(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// LastAnswer is when something came by a link last; zero: never.
func (s *Store) LastAnswer(ctx context.Context, hash string) (at time.Time, err error) {
	var micros int64
	err = s.read(ctx, "read when a link was answered", func(db *gorm.DB) error {
		return db.Raw(`SELECT coalesce((SELECT at FROM sheet_answers WHERE link = ? ORDER BY id DESC LIMIT 1), 0)`, hash).Scan(&micros).Error
	})
	return instant(micros), err
}
