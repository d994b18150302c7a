package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver, without C

	"github.com/haulier/haulier/job"
)

const (
	readers = 4
	// busyWait is how long a transaction waits for one of another process.
	busyWait = 20 * time.Second
)

// Store is an open store. Its methods may be used by several goroutines.
type Store struct {
	options Options
	writer  *gorm.DB // nil: read only
	group   *group   // of the writes; nil: they are all in one transaction already
	reader  *gorm.DB
	closers []func() error

	recent *recent // rows of files under way; nil: none are remembered

	sealing sync.Mutex
	ring    *ring // master keys; nil: not asked for yet
}

// Open opens the store, makes it when it is not there, and brings its schema up to date.
//
// Before anything is written it is looked at: ErrNewer, ErrMissing, ErrOlder, ErrDamaged and ErrMasterKey leave it as
// it was, less what a killed process had begun and not ended.
func Open(ctx context.Context, options Options) (*Store, error) {
	s := &Store{options: options.withDefaults(), group: &group{}, recent: &recent{}}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(failure(fmt.Sprintf("open the store %s", s.options.Path), err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if err := s.inspect(ctx); err != nil {
		return err
	}
	if !s.options.ReadOnly {
		if err := s.prepare(ctx); err != nil {
			return err
		}
		db, err := s.connect(writerDSN(s.options.Path), 1)
		if err != nil {
			return err
		}
		s.writer = db
	}
	db, err := s.connect(readerDSN(s.options.Path), readers)
	s.reader = db
	if err != nil || s.options.ReadOnly {
		return err
	}
	return s.ensureEpoch(ctx)
}

// prepare makes the file and its tables.
func (s *Store) prepare(ctx context.Context) error {
	f, err := os.OpenFile(s.options.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return err
	}
	return migrate(ctx, s.options.Path)
}

func (s *Store) connect(dsn string, most int) (*gorm.DB, error) {
	conn := sql.OpenDB(&connector{dsn: dsn})
	s.closers = append(s.closers, conn.Close)
	conn.SetMaxOpenConns(most)
	conn.SetMaxIdleConns(most)
	return gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn, Conn: conn}), &gorm.Config{
		Logger:                 s.gormLogger(),
		NowFunc:                s.options.Now,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
	})
}

func (s *Store) gormLogger() logger.Interface {
	config := logger.Config{
		LogLevel: logger.Warn, SlowThreshold: time.Second,
		ParameterizedQueries: true, IgnoreRecordNotFoundError: true,
	}
	if s.options.Logger == nil {
		return logger.Discard
	}
	return logger.NewSlogLogger(s.options.Logger, config)
}

// Close ends all connections. Twice does no harm.
func (s *Store) Close() error {
	var all error
	for i := len(s.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, s.closers[i]())
	}
	s.closers = nil
	return all
}

// write runs do in a transaction that is on disk when it returns nil. The database is locked from the start. Others may
// share the transaction; do sees what they did before it, and does nothing but to read and write by tx.
func (s *Store) write(ctx context.Context, act string, do func(tx *gorm.DB) error) error {
	if s.writer == nil {
		return failure(act, ErrReadOnly)
	}
	if s.group == nil { // the transaction is others' as well, and not to be ended by a context of ours
		return failure(act, s.writer.Transaction(do))
	}
	return failure(act, s.group.write(ctx, s.writer, do, false))
}

// step is write for what takes at most one stamp of the ledger, writes nothing if it gives job.ErrStale, and may be done again, when
// what it did has been taken back: the steps of rows above all.
func (s *Store) step(ctx context.Context, act string, do func(tx *gorm.DB) error) error {
	if s.writer == nil || s.group == nil {
		return s.write(ctx, act, do)
	}
	return failure(act, s.group.write(ctx, s.writer, do, true))
}

// Together runs several writes as one: all of them are on disk when it returns nil, and none otherwise. do works with the
// store that it is given, which sees its own writes, and with no other. Once do has begun no context ends what it does.
func (s *Store) Together(ctx context.Context, act string, do func(s *Store) error) error {
	return s.write(ctx, act, func(tx *gorm.DB) error { return do(&Store{options: s.options, writer: tx, reader: tx}) })
}

// read runs do on a connection that cannot write.
func (s *Store) read(ctx context.Context, act string, do func(db *gorm.DB) error) error {
	if s.group == nil {
		return failure(act, do(s.reader))
	}
	return failure(act, do(s.reader.WithContext(ctx)))
}

func (s *Store) now() int64 { return micros(s.options.Now()) }

func writerDSN(path string) string {
	return dsn(path, url.Values{"_txlock": {"immediate"}, "_pragma": {
		pragmaBusy(), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "secure_delete(1)",
		"journal_size_limit(67108864)", "temp_store(MEMORY)",
	}})
}

func readerDSN(path string) string {
	return dsn(path, url.Values{"mode": {"ro"}, "_pragma": {pragmaBusy(), "query_only(1)"}})
}

func copyDSN(path string) string {
	return dsn(path, url.Values{"mode": {"ro"}, "_pragma": {pragmaBusy()}})
}

func pragmaBusy() string { return fmt.Sprintf("busy_timeout(%d)", busyWait.Milliseconds()) }

func dsn(path string, query url.Values) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// one says that exactly one row was written; none means that the row has moved on.
func one(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return job.ErrStale
	}
	return result.Error
}
