package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// inspect looks at the file for what forbids to go on. It writes nothing, but to take back what a killed process had begun.
func (s *Store) inspect(ctx context.Context) (err error) {
	info, err := os.Stat(s.options.Path)
	if errors.Is(err, fs.ErrNotExist) {
		if s.options.ReadOnly {
			return ErrMissing
		}
		return nil
	}
	if err != nil || info.Size() == 0 && !s.options.ReadOnly {
		return err
	}
	if !s.options.ReadOnly {
		if err := rollBack(ctx, s.options.Path); err != nil {
			return err
		}
	}
	db, err := sql.Open("sqlite", readerDSN(s.options.Path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	have, err := s.inspectSchema(ctx, db)
	if err != nil || have == 0 || s.options.ReadOnly {
		return err
	}
	return s.inspectSeals(ctx, db)
}

// rollBack takes back what a process that was killed had begun on a database that was not in WAL mode yet: a new one, or a
// restored copy. Who only reads cannot, and is refused the whole file until then.
func rollBack(ctx context.Context, path string) (err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil { // the journal lies beside the file itself
		return err
	}
	if _, err := os.Stat(path + "-journal"); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := sql.Open("sqlite", dsn(path, url.Values{"mode": {"rw"}, "_pragma": {pragmaBusy()}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master`).Scan(&tables)
	if errors.Is(classify(err), ErrCutOff) { // it was opened for reading after all
		return fmt.Errorf("%w: it may not be written, and what a killed start left has to be taken back (%v)", ErrDisk, err)
	}
	return err
}

func (s *Store) inspectSchema(ctx context.Context, db *sql.DB) (int64, error) {
	have, err := schemaVersion(ctx, db)
	if err != nil {
		return 0, err
	}
	want, err := latest(db)
	if err != nil {
		return 0, err
	}
	if have > want {
		return have, fmt.Errorf("%w: its schema is %d, this program knows up to %d", ErrNewer, have, want)
	}
	if have < want && s.options.ReadOnly {
		return have, fmt.Errorf("%w (its schema is %d, this program's is %d)", ErrOlder, have, want)
	}
	return have, nil
}

// schemaVersion is 0 for a database without tables.
func schemaVersion(ctx context.Context, db *sql.DB) (int64, error) {
	var all, ours int
	row := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'goose_db_version') FROM sqlite_master`)
	if err := row.Scan(&all, &ours); err != nil || all == 0 {
		return 0, err
	}
	if ours == 0 {
		return 0, ErrForeign
	}
	var version int64
	row = db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied`)
	return version, row.Scan(&version)
}
