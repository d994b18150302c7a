package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// outcomeRow is a file as it stood when a run let go of it.
type outcomeRow struct {
	Run            int64
	File           int64
	Step           string
	State          string
	Reason         string
	ReceivedSize   int64
	ReceivedSHA256 string `gorm:"column:received_sha256"`
	PlainSize      int64
	PlainSHA256    string `gorm:"column:plain_sha256"`
	Final          raw
	Local          raw
	Proof          string
	Bytes          int64
	Duration       int64
}

func (outcomeRow) TableName() string { return "run_files" }

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

// RunFilesAfter gives the next outcomes of a run, at most 500, after the file of that id.
func (s *Store) RunFilesAfter(ctx context.Context, run, after int64) ([]job.Outcome, error) {
	var rows []outcomeRow
	files := map[int64]fileRow{}
	err := s.read(ctx, fmt.Sprintf("read the files of run %d", run), func(db *gorm.DB) error {
		err := db.Where("run = ? AND file > ?", run, after).Order("file").Limit(page).Find(&rows).Error
		if err != nil {
			return err
		}
		return byID(db, rows, files)
	})
	outcomes := make([]job.Outcome, len(rows))
	for i, r := range rows {
		outcomes[i] = r.outcome(files[r.File])
	}
	return outcomes, err
}

func byID(db *gorm.DB, outcomes []outcomeRow, files map[int64]fileRow) error {
	ids := make([]int64, len(outcomes))
	for i, r := range outcomes {
		ids[i] = r.File
	}
	var rows []fileRow
	if err := db.Where("id IN ?", ids).Find(&rows).Error; err != nil {
		return err
	}
	for _, f := range rows {
		files[f.ID] = f
	}
	return nil
}

// outcome lays what the run left over what the file is now.
func (r outcomeRow) outcome(f fileRow) job.Outcome {
	f.ID, f.Run = r.File, r.Run
	f.Step, f.State, f.Reason = r.Step, r.State, r.Reason
	f.ReceivedSize, f.ReceivedSHA256, f.PlainSize, f.PlainSHA256 = r.ReceivedSize, r.ReceivedSHA256, r.PlainSize, r.PlainSHA256
	f.Final, f.Local, f.Proof = r.Final, r.Local, r.Proof
	return job.Outcome{Run: r.Run, File: f.file(), Bytes: r.Bytes, Duration: time.Duration(r.Duration) * time.Microsecond}
}
