package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// HeldCount is how many files of a job are held for one cause.
type HeldCount struct {
	Job   string
	Slug  string // empty: nobody wrote down why
	Files int
	Run   int64 // the last that held one of them
}

// heldSlug is why a held row is held.
const heldSlug = `iif(reason = '', '', coalesce(json_extract(reason, '$.slug'), ''))`

// heldCounts reads what is held, and nothing else of the ledger.
const heldCounts = `SELECT job, ` + heldSlug + ` AS slug, count(*) AS files, max(run) AS run FROM files INDEXED BY files_held WHERE state = 'held' GROUP BY 1, 2 ORDER BY 1, 2`

// HeldCounts counts the held files of all jobs, cause by cause: however many one job has, those of the others are counted, too.
func (s *Store) HeldCounts(ctx context.Context) ([]HeldCount, error) {
	var counts []HeldCount
	err := s.read(ctx, "count held files", func(db *gorm.DB) error { return db.Raw(heldCounts).Scan(&counts).Error })
	return counts, err
}

// firstUnseen numbers those that wait for a look, job by job.
const firstUnseen = `SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY job ORDER BY id) AS nth FROM files INDEXED BY files_held
	WHERE state = 'held' AND ` + heldSlug + ` = '` + job.SlugSupervised + `') WHERE nth <= ?`

// FirstUnseen gives the files of each job that a person is to look at, the oldest first and at most so many of a job.
func (s *Store) FirstUnseen(ctx context.Context, most int) ([]job.File, error) {
	return s.files(ctx, "read files that wait for a look", func(db *gorm.DB) *gorm.DB {
		return db.Where("id IN ("+firstUnseen+")", most).Order("id")
	})
}
