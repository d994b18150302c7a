package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// RunFilter says which runs are wanted; its zero value means the last 1,000.
type RunFilter struct {
	Job        string
	Connection string
	States     []job.RunState
	Since      time.Time // started at or after
	FileGlob   string    // moved a file whose name, or final name, matches: *, ? and [a-z]
	Sight      job.Sight // only of connections that it shows
	Before     int64     // only runs with a lower ID, to page
	Limit      int       // at most 1,000; 0: 1,000
}

// RunPage is a part of a list of runs.
type RunPage struct {
	Runs []job.Run
	Next int64 // what Before is for the part that follows; 0: this is the last
}

// runsWalked is how many runs one part looks at where only looking at each tells.
const runsWalked = 5000

// Runs gives runs, the latest first.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]job.Run, error) {
	all := []job.Run{}
	for limit := bound(f.Limit); ; {
		f.Limit = limit - len(all)
		part, err := s.RunPage(ctx, f)
		all = append(all, part.Runs...)
		if f.Before = part.Next; err != nil || part.Next == 0 || len(all) >= limit {
			return all, err
		}
	}
}

// RunPage gives a part of the runs, the latest first, and takes a moment whatever the store holds: where the names of files can only be
// found by looking at one run after the other, a part may be short, or empty, with more behind it.
func (s *Store) RunPage(ctx context.Context, f RunFilter) (p RunPage, err error) {
	f.Limit = bound(f.Limit)
	err = s.read(ctx, "read runs", func(db *gorm.DB) error {
		if f.FileGlob == "" {
			return s.runsByIndex(db, f, &p)
		}
		return s.runsByFile(db, f, &p)
	})
	return p, err
}

func (s *Store) runsByIndex(db *gorm.DB, f RunFilter, p *RunPage) error {
	table, err := f.table(db)
	if err != nil {
		return err
	}
	return f.take(f.where(db.Table(table)), p)
}

// take reads one row more than is wanted, to know whether there is one.
func (f RunFilter) take(query *gorm.DB, p *RunPage) error {
	var rows []runRow
	if err := query.Order("id DESC").Limit(f.Limit + 1).Find(&rows).Error; err != nil {
		return err
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		p.Next = rows[f.Limit-1].ID
	}
	p.Runs = runsOf(rows)
	return nil
}

// table is runs with the index in which the wanted ones are a few ranges, each in the order of IDs: nothing is known to SQLite of how many
// rows have which value, so that it would have to guess.
func (f RunFilter) table(db *gorm.DB) (string, error) {
	switch recent, err := f.recent(db); {
	case err != nil:
		return "", err
	case recent:
		return "runs INDEXED BY runs_started", nil
	}
	switch {
	case f.Job != "":
		return "runs INDEXED BY runs_job_state", nil
	case f.Connection != "", !f.Sight.Whole():
		return "runs INDEXED BY runs_connection", nil
	case len(f.States) > 0:
		return "runs INDEXED BY runs_state", nil
	}
	return "runs NOT INDEXED", nil
}

// recent says whether only a few runs have started since.
func (f RunFilter) recent(db *gorm.DB) (bool, error) {
	if f.Since.IsZero() {
		return false, nil
	}
	var count int
	err := db.Raw(`SELECT count(*) FROM (SELECT 1 FROM runs WHERE started >= ? LIMIT ?)`, micros(f.Since), fewMost+1).Scan(&count).Error
	return count <= fewMost, err
}

// runStates are all that there are: with them all, an index by state has an end for each.
var runStates = []job.RunState{
	job.RunQueued, job.RunRunning, job.RunSucceeded, job.RunPartial, job.RunFailed, job.RunSkipped, job.RunInterrupted, job.RunCancelled,
}

func (f RunFilter) where(db *gorm.DB) *gorm.DB {
	db = seen(equal(equal(db, "job", f.Job), "connection", f.Connection), "connection", f.Sight)
	switch {
	case len(f.States) > 0:
		db = db.Where("state IN ?", f.States)
	case f.Job != "" || f.Connection != "" || !f.Sight.Whole():
		db = db.Where("state IN ?", runStates)
	}
	if !f.Since.IsZero() {
		db = db.Where("started >= ?", micros(f.Since))
	}
	if f.Before > 0 {
		db = db.Where("id < ?", f.Before)
	}
	return db
}

func (s *Store) runsByFile(db *gorm.DB, f RunFilter, p *RunPage) error {
	name, together := byNameOf(f.FileGlob)
	if few, err := name.few(db, together); err != nil {
		return err
	} else if few {
		of := db.Raw(`SELECT run FROM run_files WHERE file IN (?)`, name.ids(db))
		return f.take(f.where(db.Table("runs NOT INDEXED")).Where("id IN (?)", of), p)
	}
	start, err := startOf(db, "runs", f.Before)
	if err != nil {
		return err
	}
	p.Next, err = walk(start, f.Limit, runsWalked, func(low, high int64, limit int) (int, int64, error) {
		var rows []runRow
		err := f.where(db.Table("runs NOT INDEXED")).Where("id >= ? AND id < ?", low, high).
			Where("EXISTS (?)", named(db.Table("run_files AS o").Select("1").Joins("JOIN files AS f ON f.id = o.file").Where("o.run = runs.id"), f.FileGlob)).
			Order("id DESC").Limit(limit).Find(&rows).Error
		if err != nil || len(rows) == 0 {
			return 0, 0, err
		}
		p.Runs = append(p.Runs, runsOf(rows)...)
		return len(rows), rows[len(rows)-1].ID, nil
	})
	return err
}
