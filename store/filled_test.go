package store

import (
	"context"
	"database/sql"
	_ "embed"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	filledRuns = flag.Int("runs", 20_000, "runs in the store that is read from, with twice as many files and requests")
	filledFile = flag.String("filled", "", "a `file` where that store is kept from one measurement to the next")
)

//go:embed testdata/filled.sql
var filling string

// filledNow is when the last run of a filled store began.
var filledNow = time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)

func init() {
	flag.Func("now", "`when` the last run of the store began, 2026-11-18T12:00:00Z; only for a store that is filled", func(text string) (err error) {
		filledNow, err = time.Parse(time.RFC3339, text)
		return err
	})
}

// filled gives a store as it is after years. It is filled below the schema's newest version, so that opening it migrates it.
func filled(tb testing.TB, runs int) *Store {
	tb.Helper()
	path := *filledFile
	if path == "" {
		path = filepath.Join(tb.TempDir(), "haulier.db")
	}
	if _, err := os.Stat(path); err != nil {
		if err := fill(path, runs); err != nil {
			tb.Fatal(err)
		}
	}
	began := time.Now()
	s, err := Open(tb.Context(), Options{Path: path, Now: func() time.Time { return filledNow }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Logf("opened, and brought up to date, in %v", time.Since(began).Round(time.Millisecond))
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// fill makes a store of the first version.
func fill(path string, runs int) (err error) {
	db, err := sql.Open("sqlite", writerDSN(path)+"&_pragma=synchronous(OFF)")
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	defer func() {
		if closed := db.Close(); err == nil {
			err = closed
		}
	}()
	provider, err := migrator(db)
	if err != nil {
		return err
	}
	if _, err := provider.UpTo(context.Background(), 1); err != nil {
		return err
	}
	for _, statement := range strings.Split(filling, "\n;\n") {
		var args []any
		for _, a := range []sql.NamedArg{sql.Named("runs", runs), sql.Named("now", micros(filledNow))} {
			if strings.Contains(statement, ":"+a.Name) {
				args = append(args, a)
			}
		}
		if _, err := db.Exec(statement, args...); err != nil {
			return err
		}
	}
	return nil
}
