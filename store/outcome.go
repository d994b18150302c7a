package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Outcome records what became of a file in a run; the last word counts.
func (s *Store) Outcome(ctx context.Context, o job.Outcome) error {
	f := rowOf(o.File)
	return s.write(ctx, fmt.Sprintf("record the outcome of file %d in run %d", f.ID, o.Run), func(tx *gorm.DB) error { return record(tx, o, f) })
}

var outcomeRows = &into{`INSERT OR REPLACE INTO run_files (run, file, step, state, reason, received_size, received_sha256, plain_size, plain_sha256,
	final, local, proof, bytes, duration)`, 14, ""}

// record writes how a run left the row.
func record(tx *gorm.DB, o job.Outcome, f fileRow) error {
	return outcomeRows.insert(tx, o.Run, f.ID, f.Step, f.State, f.Reason, f.ReceivedSize, f.ReceivedSHA256, f.PlainSize, f.PlainSHA256,
		f.Final, f.Local, f.Proof, o.Bytes, o.Duration.Microseconds())
}

// runFilesMost bounds what RunFiles gives.
const runFilesMost = 10_000

// RunFiles gives what became of the files of a run, in the order of the ledger; at most 10,000. RunFilesAfter pages.
func (s *Store) RunFiles(ctx context.Context, run int64) ([]job.Outcome, error) {
	var all []job.Outcome
	for after := int64(0); len(all) < runFilesMost; after = all[len(all)-1].File.ID {
		some, err := s.RunFilesAfter(ctx, run, after)
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// RunFileIDs gives the ids of all files of a run.
func (s *Store) RunFileIDs(ctx context.Context, run int64) (ids []int64, err error) {
	err = s.read(ctx, fmt.Sprintf("read which files run %d had", run), func(db *gorm.DB) error {
		return db.Raw(`SELECT file FROM run_files WHERE run = ?`, run).Scan(&ids).Error
	})
	return ids, err
}

// RunFilesAfter gives the next outcomes of a run, at most 500, after the file of that id.
func (s *Store) RunFilesAfter(ctx context.Context, run, after int64) (outcomes []job.Outcome, err error) {
	err = s.read(ctx, fmt.Sprintf("read the files of run %d", run), func(db *gorm.DB) error {
		rows, err := db.Raw(outcomesOf, run, after, page).Rows()
		if err == nil {
			outcomes, err = outcomesFrom(rows)
		}
		return err
	})
	return outcomes, err
}

var outcomesOf = `SELECT f.` + strings.Join(fileColumns, ", f.") + `, o.run, o.step, o.state, o.reason, o.received_size, o.received_sha256,
	o.plain_size, o.plain_sha256, o.final, o.local, o.proof, o.bytes, o.duration
	FROM run_files AS o JOIN files AS f ON f.id = o.file WHERE o.run = ? AND o.file > ? ORDER BY o.file LIMIT ?`

// outcomesFrom reads files as they are, and lays what the run left over that.
func outcomesFrom(rows *sql.Rows) (outcomes []job.Outcome, err error) {
	var f fileRow
	var bytes, duration int64
	fields := append(f.fields(), &f.Run, &f.Step, &f.State, &f.Reason, &f.ReceivedSize, &f.ReceivedSHA256,
		&f.PlainSize, &f.PlainSHA256, &f.Final, &f.Local, &f.Proof, &bytes, &duration)
	for rows.Next() {
		if err = rows.Scan(fields...); err != nil {
			break
		}
		outcomes = append(outcomes, job.Outcome{Run: f.Run, File: f.file(), Bytes: bytes, Duration: time.Duration(duration) * time.Microsecond})
	}
	return outcomes, errors.Join(err, rows.Err(), rows.Close())
}
