package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gorm.io/gorm"
)

// Backup writes a consistent copy of the store to a new file, 0600, while work goes on. Secrets in it stay sealed; the
// master key is not part of it. A file that is there is left alone.
func (s *Store) Backup(ctx context.Context, path string) error {
	return failure("back up the store to "+path, s.backup(ctx, path))
}

func (s *Store) backup(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	if err := s.vacuumInto(ctx, path); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// vacuumInto reads on a connection of its own, so that neither writers nor readers wait for it.
func (s *Store) vacuumInto(ctx context.Context, path string) (err error) {
	own := &Store{options: s.options}
	defer func() { err = errors.Join(err, own.Close()) }()
	db, err := own.connect(copyDSN(s.options.Path), 1)
	if err != nil {
		return err
	}
	return db.WithContext(ctx).Exec(`VACUUM INTO ?`, path).Error
}

// Check looks for damage: in the structure of the database, in its references and in the chain of the audit list. No
// problems means that the store is whole.
func (s *Store) Check(ctx context.Context) (problems []string, err error) {
	err = s.read(ctx, "check the store", func(db *gorm.DB) error {
		var lines []string
		if err := db.Raw(`PRAGMA integrity_check`).Scan(&lines).Error; err != nil {
			return err
		}
		for _, l := range lines {
			if l != "ok" {
				problems = append(problems, l)
			}
		}
		var rows []struct {
			Table, Parent string
		}
		if err := db.Raw(`PRAGMA foreign_key_check`).Scan(&rows).Error; err != nil {
			return err
		}
		for _, r := range rows {
			problems = append(problems, fmt.Sprintf("a row of %s refers to one of %s that does not exist", r.Table, r.Parent))
		}
		return nil
	})
	if err != nil {
		return problems, err
	}
	line, err := s.auditBreak(ctx)
	if line > 0 {
		problems = append(problems, fmt.Sprintf("the audit list was altered at or before line %d", line))
	}
	return problems, err
}

// CountSealed says how many secrets are sealed in the store.
func (s *Store) CountSealed(ctx context.Context) (int, error) {
	var n int64
	err := s.read(ctx, "count the sealed rows", func(db *gorm.DB) error { return db.Model(&sealedRow{}).Count(&n).Error })
	return int(n), err
}

// CheckSecrets opens every sealed row and gives the names of those that do not open.
func (s *Store) CheckSecrets(ctx context.Context) (bad []string, err error) {
	err = s.read(ctx, "check the sealed rows", func(db *gorm.DB) error {
		var rows []sealedRow
		if err := db.Order("kind, name, version").Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		meta, err := readMeta(db)
		if err != nil {
			return err
		}
		ring, err := s.ringFor(meta)
		if err != nil {
			return err
		}
		for _, row := range rows {
			text, err := ring.open(row)
			if err != nil {
				bad = append(bad, fmt.Sprintf("%s %s@%d", row.Kind, row.Name, row.Version))
			}
			text.Wipe()
		}
		return nil
	})
	return bad, err
}
