package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// See begins the next generation of (f.Job, f.Path): SeeMany with one file.
func (s *Store) See(ctx context.Context, f job.File) (job.File, error) {
	files, err := s.SeeMany(ctx, []job.File{f})
	if err != nil {
		return job.File{}, err
	}
	return files[0], nil
}

// SeeMany begins the next generation of each path, in the order given and in one transaction.
//
// The rows stand at StepSeen, or at StepDone for a file that says so because it was decided by its name or size alone.
// They wait unless a file says otherwise, and are unclaimed (fence 0), present and neither moved nor stayed; all other
// facts are taken as they are. A row that is rejected, held or failed from the start is told at once, as by Advance.
// What comes back bears ID, Generation, Touched and Seen.
func (s *Store) SeeMany(ctx context.Context, files []job.File) ([]job.File, error) {
	seen := make([]job.File, 0, len(files))
	err := s.write(ctx, "record files that were seen", func(tx *gorm.DB) error {
		for len(files) > 0 {
			n := distinct(files)
			rows, err := s.see(tx, files[:n])
			if err != nil {
				return fmt.Errorf("%s: %w", nameOf(files[0]), err)
			}
			seen, files = append(seen, filesOf(rows)...), files[n:]
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return seen, nil
}

// seeMost is how many rows one statement inserts.
const seeMost = 200

// distinct counts the files at the head that are of one job and name no path twice.
func distinct(files []job.File) int {
	paths := make(map[string]struct{}, seeMost)
	for i, f := range files[:min(len(files), seeMost)] {
		if _, again := paths[f.Path]; again || f.Job != files[0].Job {
			return i
		}
		paths[f.Path] = struct{}{}
	}
	return len(paths)
}

func (s *Store) see(tx *gorm.DB, files []job.File) ([]fileRow, error) {
	last, err := stamp(tx, len(files))
	if err != nil {
		return nil, err
	}
	rows, paths := make([]fileRow, len(files)), make([]raw, len(files))
	for i, f := range files {
		rows[i], paths[i] = s.fresh(f), raw(f.Path)
		rows[i].Touched = last - int64(len(files)-1-i)
	}
	generations, err := supersede(tx, files[0].Job, paths)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		rows[i].Generation = generations[rows[i].Path] + 1
	}
	if err := insertFiles(tx, rows); err != nil {
		return nil, err
	}
	return rows, s.recordSteps(tx, rows)
}

// fresh is the row of a version that nobody has worked on.
func (s *Store) fresh(f job.File) fileRow {
	row := rowOf(f)
	row.ID, row.Fence, row.Decided, row.Absent, row.Moved, row.Stayed, row.Began, row.Ended = 0, 0, 0, false, false, 0, 0, 0
	row.Seen = s.now()
	if f.Step != job.StepDone { // decided by its name or size alone
		row.Step = string(job.StepSeen)
	}
	if f.State == "" {
		row.State = string(job.FileWaiting)
	}
	if isEnd(job.State(row.State)) {
		row.Ended = row.Seen
	}
	return row
}

// supersede marks the newest generation of each path as no longer that, and gives their numbers.
func supersede(tx *gorm.DB, jobName string, paths []raw) (map[raw]int64, error) {
	var rows []fileRow
	newest := func() *gorm.DB {
		return tx.Model(&fileRow{}).Where("job = ? AND path IN ? AND superseded = 0", jobName, paths)
	}
	if err := newest().Select("path", "generation").Find(&rows).Error; err != nil {
		return nil, err
	}
	generations := make(map[raw]int64, len(rows))
	for _, r := range rows {
		generations[r.Path] = r.Generation
	}
	if len(rows) == 0 {
		return generations, nil
	}
	return generations, newest().Update("superseded", true).Error
}

// stamp counts writes to the ledger and gives the number of the last. No number is given twice; some may be nobody's.
func stamp(tx *gorm.DB, writes int) (int64, error) {
	var value int64
	err := query(tx, `UPDATE ledger_stamp SET value = value + ? RETURNING value`, writes).Scan(&value)
	return value, err
}

// Claim takes a row, as it was read, for a run: its fence rises, so that whoever held it before can write no more.
// The state becomes moving, except for a file that has landed or was delivered and only is to be tidied up after.
// job.ErrStale when the row was written since it was read, and for rows that no run may take: what is held or done
// changes by Decide.
func (s *Store) Claim(ctx context.Context, f job.File, run int64) (job.File, error) {
	row := rowOf(f)
	row.Fence, row.Run, row.Began = f.Fence+1, run, s.now()
	if f.State != job.FileLanded && f.State != job.FileDelivered {
		row.State = string(job.FileMoving)
	}
	err := s.step(ctx, "claim "+nameOf(f), func(tx *gorm.DB) (err error) {
		if row.Touched, err = nextStamp(tx); err != nil {
			return err
		}
		return changed(exec(tx, `UPDATE files SET fence = ?, run = ?, began = ?, touched = ?, state = ?
			WHERE id = ? AND job = ? AND fence = ? AND touched = ? AND state <> 'held' AND step <> 'done'`,
			row.Fence, row.Run, row.Began, row.Touched, row.State, f.ID, f.Job, f.Fence, f.Touched))
	})
	if err != nil {
		return job.File{}, err
	}
	s.recent.wrote(row)
	return row.fileOf(f), nil
}

// Advance moves a claimed row: it writes step, state, reason and all facts of f if the row still stands at from under
// f's fence, and else gives job.ErrStale. With it, in the same transaction, go a line of the file's timeline and, when
// the state became landed, delivered, rejected, held or failed, the event file.STATE; and what is beside the step.
//
// Job, path, generation, fence and the times of first sight and of the claim are never written. Ended is set to now when
// the state became a final one and f names no other end.
func (s *Store) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	var row fileRow
	err := s.step(ctx, "advance "+nameOf(f)+" to "+string(f.Step), func(tx *gorm.DB) error {
		var err error
		if beside.Claim != nil {
			row, err = s.claimAndAdvance(tx, *beside.Claim, f, beside.Passed)
		} else {
			row, err = s.advance(tx, from, f, beside.Passed)
		}
		if err != nil {
			return err
		}
		for _, r := range beside.Requests {
			if err := s.request(tx, r); err != nil {
				return err
			}
		}
		if beside.Outcome == nil {
			return nil
		}
		return record(tx, *beside.Outcome, row)
	})
	if err != nil {
		return job.File{}, err
	}
	s.recent.wrote(row)
	return row.fileOf(f), nil
}

// claimAndAdvance starts from a row as it was read, like Claim: it must not have been written since, nor be held or done.
func (s *Store) claimAndAdvance(tx *gorm.DB, read, f job.File, passed []job.Step) (fileRow, error) {
	if read.State == job.FileHeld || read.Step == job.StepDone || f.Fence != read.Fence+1 {
		return fileRow{}, job.ErrStale
	}
	return s.advanceFrom(tx, rowOf(read), f, passed)
}

// advance starts from the row as it is remembered, if it is still that, and else reads it.
func (s *Store) advance(tx *gorm.DB, from job.Step, f job.File, passed []job.Step) (fileRow, error) {
	if old, known := s.recent.row(f); known && old.Step == string(from) {
		row, err := s.advanceFrom(tx, old, f, passed)
		if !errors.Is(err, job.ErrStale) {
			return row, err
		}
	}
	var old fileRow
	err := standing(tx, &old, `SELECT `+fileColumnList+` FROM files WHERE id = ? AND fence = ? AND step = ?`, f.ID, f.Fence, string(from))
	if err != nil {
		return old, err
	}
	return s.advanceFrom(tx, old, f, passed)
}

// advanceFrom writes f over the row old, if that is how it stands; else nothing is written, and job.ErrStale given.
func (s *Store) advanceFrom(tx *gorm.DB, old fileRow, f job.File, passed []job.Step) (row fileRow, err error) {
	row = rowOf(f)
	row.keep(old)
	before := old
	if f.Fence == old.Fence+1 { // it is claimed
		row.Fence, row.Began = f.Fence, s.now()
		before.Run, before.State = row.Run, string(job.FileMoving)
	}
	if row.State != before.State && isEnd(f.State) && (row.Ended == 0 || row.Ended == old.Ended) {
		row.Ended = s.now()
	}
	if row.Touched, err = nextStamp(tx); err != nil {
		return row, err
	}
	set, values := old.changes(&row)
	err = changed(exec(tx, `UPDATE files SET `+set+` WHERE id = ? AND job = ? AND fence = ? AND step = ? AND touched = ?`,
		append(values, old.ID, old.Job, old.Fence, old.Step, old.Touched)...))
	if err != nil {
		return row, err
	}
	return row, s.recordStep(tx, row, before, passed, f)
}

// standing reads the row that a statement gives. None means that the row has moved on.
func standing(tx *gorm.DB, row *fileRow, statement string, args ...any) error {
	err := query(tx, statement, args...).Scan(row.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return job.ErrStale
	}
	return err
}

// keep takes from the row as it was what Advance never writes.
func (r *fileRow) keep(old fileRow) {
	r.ID, r.Job, r.Type, r.Path, r.Generation, r.Superseded = old.ID, old.Job, old.Type, old.Path, old.Generation, old.Superseded
	r.Fence, r.Decided, r.Seen, r.Began, r.Name = old.Fence, old.Decided, old.Seen, old.Began, old.Name
}

// isEnd says whether a file in this state waits for nothing that this run could still do.
func isEnd(state job.State) bool {
	switch state {
	case job.FileLanded, job.FileDelivered, job.FileHeld, job.FileRejected, job.FileFailed, job.FileSkipped:
		return true
	}
	return false
}

// isTold says whether a file that comes to this state is an event.
func isTold(state job.State) bool { return isEnd(state) && state != job.FileSkipped }

var stepLines = &into{"INSERT INTO steps (file, run, step, state, slug, at)", 6, ""}

// recordStep writes the lines of the timeline, those of steps that were passed first, and, when the state became one that is
// told, the event.
func (s *Store) recordStep(tx *gorm.DB, row, before fileRow, passed []job.Step, f job.File) error {
	lines := make([]any, 0, stepLines.columns*(len(passed)+1))
	for _, step := range passed {
		by := before
		by.Step = string(step)
		lines = s.addLine(lines, by)
	}
	if err := stepLines.insert(tx, s.addLine(lines, row)...); err != nil {
		return err
	}
	if row.State == before.State || !isTold(job.State(row.State)) {
		return nil
	}
	return s.tellFile(tx, row.fileOf(f))
}

// recordSteps does the same for rows that are new.
func (s *Store) recordSteps(tx *gorm.DB, rows []fileRow) error {
	lines := make([]any, 0, stepLines.columns*len(rows))
	for _, row := range rows {
		lines = s.addLine(lines, row)
	}
	if err := stepLines.insert(tx, lines...); err != nil {
		return err
	}
	for _, row := range rows {
		if !isTold(job.State(row.State)) {
			continue
		}
		if err := s.tellFile(tx, row.file()); err != nil {
			return err
		}
	}
	return nil
}

// addLine adds what the timeline says of a row as it stands.
func (s *Store) addLine(lines []any, row fileRow) []any {
	return append(lines, row.ID, row.Run, row.Step, row.State, slugOf(reasonFrom(row.Reason)), s.now())
}
