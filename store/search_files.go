package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// FileFilter says which files are wanted; its zero value means the last 1,000.
type FileFilter struct {
	Job        string
	Connection string
	States     []job.State
	Name       string // the name, or the final name, matches: *, ? and [a-z]
	SHA256     string // of the bytes as received or of the plaintext, lower-case hex
	Run        int64  // touched by this run
	Sight      job.Sight
	Before     int64 // only files with a lower ID, to page
	Limit      int   // at most 1,000; 0: 1,000
}

// FilePage is a part of a list of files.
type FilePage struct {
	Files []job.File
	Next  int64 // what Before is for the part that follows; 0: this is the last
}

// filesWalked is how many files one part looks at where only looking at each tells.
const filesWalked = 20_000

// Files gives rows of the ledger, the latest first.
func (s *Store) Files(ctx context.Context, f FileFilter) ([]job.File, error) {
	all := []job.File{}
	for limit := bound(f.Limit); ; {
		f.Limit = limit - len(all)
		part, err := s.FilePage(ctx, f)
		all = append(all, part.Files...)
		if f.Before = part.Next; err != nil || part.Next == 0 || len(all) >= limit {
			return all, err
		}
	}
}

// FilePage gives a part of the ledger, the latest rows first, and takes a moment whatever the ledger holds: where rows can only be found by
// looking at one after the other, a part may be short, or empty, with more behind it.
func (s *Store) FilePage(ctx context.Context, f FileFilter) (p FilePage, err error) {
	f.Limit = bound(f.Limit)
	err = s.read(ctx, "read files", func(db *gorm.DB) error {
		query, found, err := f.byIndex(db)
		switch {
		case err != nil:
			return err
		case found:
			return f.take(f.where(query), &p)
		}
		return f.walk(db, &p)
	})
	return p, err
}

// byIndex begins at what an index finds, if one does.
func (f FileFilter) byIndex(db *gorm.DB) (*gorm.DB, bool, error) {
	all := db.Table("files AS f NOT INDEXED")
	switch {
	case f.SHA256 != "":
		return all.Where("f.id IN (?)", db.Raw(`SELECT id FROM files WHERE received_sha256 = ? AND received_sha256 <> ''
			UNION SELECT id FROM files WHERE plain_sha256 = ? AND plain_sha256 <> ''`, f.SHA256, f.SHA256)), true, nil
	case f.Run > 0: // what it works on has no line in run_files yet
		return all.Where("f.id IN (?)", db.Raw(`SELECT file FROM run_files WHERE run = ?
			UNION SELECT id FROM files WHERE state = 'moving' AND run = ?`, f.Run, f.Run)), true, nil
	case slices.Equal(f.States, []job.State{job.FileHeld}):
		return db.Table("files AS f INDEXED BY files_held").Where("f.state = 'held'"), true, nil // by its word: the index is of no use to a parameter
	case f.Name == "":
		return all, f.Job == "" && f.Connection == "" && len(f.States) == 0 && f.Sight.Whole(), nil
	}
	name, together := byNameOf(f.Name)
	few, err := name.few(db, together)
	if !few || err != nil {
		return nil, false, err
	}
	return all.Where("f.id IN (?)", name.ids(db)), true, nil
}

func (f FileFilter) where(db *gorm.DB) *gorm.DB {
	db = seen(equal(equal(db, "job", f.Job), "connection", f.Connection), "connection", f.Sight)
	if len(f.States) > 0 {
		db = db.Where("state IN ?", f.States)
	}
	if f.Name != "" {
		db = named(db, f.Name)
	}
	if f.Before > 0 {
		db = db.Where("f.id < ?", f.Before)
	}
	return db
}

func (f FileFilter) take(query *gorm.DB, p *FilePage) error {
	files, err := filesIn(query.Order("f.id DESC").Limit(f.Limit + 1))
	if len(files) > f.Limit {
		files = files[:f.Limit]
		p.Next = files[f.Limit-1].ID
	}
	p.Files = files
	return err
}

func (f FileFilter) walk(db *gorm.DB, p *FilePage) error {
	start, err := startOf(db, "files", f.Before)
	if err != nil {
		return err
	}
	p.Next, err = walk(start, f.Limit, filesWalked, func(low, high int64, limit int) (int, int64, error) {
		rows := f.where(db.Table("files AS f NOT INDEXED")).Where("f.id >= ? AND f.id < ?", low, high)
		files, err := filesIn(rows.Order("f.id DESC").Limit(limit))
		if err != nil || len(files) == 0 {
			return 0, 0, err
		}
		p.Files = append(p.Files, files...)
		return len(files), files[len(files)-1].ID, nil
	})
	return err
}

// filesIn reads the rows of a query over files.
func filesIn(query *gorm.DB) ([]job.File, error) {
	rows, err := query.Select(fileColumns).Rows()
	if err != nil {
		return nil, err
	}
	return filesFrom(rows)
}

func equal(db *gorm.DB, column, value string) *gorm.DB {
	if value == "" {
		return db
	}
	return db.Where(column+" = ?", value)
}
