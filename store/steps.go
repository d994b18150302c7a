package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type stepRow struct {
	ID    int64 `gorm:"primaryKey"`
	File  int64
	Run   int64
	Step  string
	State string
	Slug  string
	At    int64
}

func (stepRow) TableName() string { return "steps" }

// Step is one line of a file's timeline.
type Step struct {
	File  int64     `json:"file"`
	Run   int64     `json:"run"`
	Step  job.Step  `json:"step"`
	State job.State `json:"state"`
	Slug  string    `json:"slug,omitempty"`
	At    time.Time `json:"at"`
}

// Steps gives the timeline of a file, oldest first; the last 1,000 lines.
func (s *Store) Steps(ctx context.Context, file int64) ([]Step, error) {
	var rows []stepRow
	err := s.read(ctx, fmt.Sprintf("read the steps of file %d", file), func(db *gorm.DB) error {
		return db.Where("file = ?", file).Order("id DESC").Limit(knownMost).Find(&rows).Error
	})
	steps := make([]Step, len(rows))
	for i, r := range rows {
		steps[len(rows)-1-i] = r.step()
	}
	return steps, err
}

func (r stepRow) step() Step {
	return Step{r.File, r.Run, job.Step(r.Step), job.State(r.State), r.Slug, instant(r.At)}
}
