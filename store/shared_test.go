package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"github.com/haulier/haulier/job"
)

// cancelled is called by the SQL function cancelled(), in the middle of a statement.
var cancelled context.CancelFunc

func init() {
	sqlite.MustRegisterFunction("cancelled", &sqlite.FunctionImpl{
		Scalar: func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { cancelled(); return int64(0), nil },
	})
}

// knowsCancelled gives the store a writer that has the function.
func knowsCancelled(t *testing.T, s *Store) {
	t.Helper()
	conn, err := sql.Open("sqlite", writerDSN(s.options.Path))
	if err == nil {
		conn.SetMaxOpenConns(1)
		t.Cleanup(func() { _ = conn.Close() })
		s.writer, err = gorm.Open(gormsqlite.New(gormsqlite.Config{Conn: conn}), &gorm.Config{SkipDefaultTransaction: true})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// What is cancelled in the middle of one's writes takes neither them nor those of others back.
func TestACancelledCallerTakesNobodyAlong(t *testing.T) {
	s := openHere(t)
	knowsCancelled(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancelled = cancel
	errs := shared(t, s,
		func() error { return s.AddAudit(t.Context(), AuditLine{Act: "before"}) },
		func() error {
			return s.Together(ctx, "do two things", func(in *Store) error {
				err := in.write(ctx, "write much", func(tx *gorm.DB) error {
					return tx.Exec(`WITH RECURSIVE n(i) AS (SELECT cancelled() UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
						INSERT INTO meta (name, value) SELECT 'much' || i, '' FROM n WHERE i % 10000 = 1`).Error
				})
				_, late := in.Stamp(ctx)
				return errors.Join(err, late)
			})
		},
		func() error { return s.AddAudit(t.Context(), AuditLine{Act: "behind"}) },
	)
	if err := errors.Join(errs...); err != nil {
		t.Errorf("the writes gave %v", err)
	}
	if lines, err := s.Audit(t.Context(), 0, 0); len(lines) != 2 || err != nil || !has(t, s, "much1") {
		t.Errorf("kept: %d of 2 lines, and of what was cancelled: %v, %v", len(lines), has(t, s, "much1"), err)
	}
}

// A transaction that does not come to its end is taken back, and all who share it are told.
func TestATransactionHasABound(t *testing.T) {
	s := openHere(t)
	defer func(most time.Duration) { transactionMost = most }(transactionMost)
	for n := range 3 {
		var batch []*member
		for i := range n + 1 {
			batch = append(batch, &member{do: func(tx *gorm.DB) error { return insert(tx, fmt.Sprint(n, "-", i)) }})
		}
		transactionMost = time.Nanosecond
		together(s.writer, batch)
		for i, m := range batch {
			if !errors.Is(m.err, errTooLong) || has(t, s, fmt.Sprint(n, "-", i)) {
				t.Errorf("write %d of %d gave %v", i, len(batch), m.err)
			}
		}
		transactionMost = time.Hour
		together(s.writer, batch)
		for i, m := range batch {
			if m.err != nil || !has(t, s, fmt.Sprint(n, "-", i)) {
				t.Errorf("write %d of %d gave %v then", i, len(batch), m.err)
			}
		}
	}
}

// clocked opens a store whose clock stands.
func clocked(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "haulier.db"), Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// claimedRows gives rows that a run has claimed.
func claimedRows(t *testing.T, s *Store, n int) (run job.Run, files []job.File) {
	t.Helper()
	run, err := s.BeginRun(t.Context(), job.Run{Job: "j", Connection: "c", Type: job.TypeImport, Trigger: job.TriggerManual})
	for i := 0; i < n && err == nil; i++ {
		var f job.File
		if f, err = s.See(t.Context(), job.File{Job: "j", Connection: "c", Type: job.TypeImport, Path: fmt.Sprint("/", i), Size: 1}); err == nil {
			f, err = s.Claim(t.Context(), f, run.ID)
		}
		files = append(files, f)
	}
	if err != nil {
		t.Fatal(err)
	}
	return run, files
}

// left is what the store holds, without stamps and ids that depend on who was first.
func left(t *testing.T, s *Store) (all []string) {
	t.Helper()
	for _, query := range []string{
		`SELECT 'file', id, step, state, fence, run, began, ended, '' FROM files`,
		`SELECT 'step', file, run, step, state, slug, at, '', '' FROM steps`,
		`SELECT 'outcome', run, file, step, state, bytes, received_size, proof, '' FROM run_files`,
		`SELECT 'request', run, file, direction, ok, bytes, attempts, started, slug FROM requests`,
		`SELECT 'quarter', connection, quarter, job, direction, ok, failed, bytes, '' FROM request_quarters`,
		`SELECT 'total', connection, job, ok, failed, bytes, attempts_ok, attempts_failed, direction FROM request_totals`,
		`SELECT 'event', type, at, CAST(data AS TEXT), '', '', '', '', '' FROM events`,
		`SELECT 'audit', act, '', '', '', '', '', '', '' FROM audit`,
	} {
		rows, err := s.reader.Raw(query).Rows()
		for err == nil && rows.Next() {
			var line [9]string
			if err = rows.Scan(&line[0], &line[1], &line[2], &line[3], &line[4], &line[5], &line[6], &line[7], &line[8]); err == nil {
				all = append(all, strings.Join(line[:], " "))
			}
		}
		if err = errors.Join(err, rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	return all
}

// Steps that share a transaction leave what they leave one by one: lines, requests, outcomes, events, figures. One may be a retry, whose
// request is folded into an earlier one; a row somebody else's by now; one may break a rule of the database; and among them may be writes
// that are no steps, of which one fails.
func TestStepsThatShareATransactionLeaveWhatTheyLeaveAlone(t *testing.T) {
	for name, tc := range map[string]struct{ retry, stale, broken, others bool }{
		"all well": {}, "a retry": {retry: true}, "a stale one": {stale: true}, "a broken one": {broken: true},
		"others among them": {others: true}, "all at once": {true, true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			odd := errors.New("odd")
			prepared := func() (*Store, []func() error) {
				s := clocked(t)
				run, files := claimedRows(t, s, 40)
				var calls []func() error
				for i, f := range files {
					request := job.Request{
						Connection: "c", Job: "j", Run: run.ID, File: f.ID, Direction: job.Download, OK: true, Bytes: int64(i), Started: time.Unix(1_700_000_000, 0),
					}
					beside := job.Beside{Passed: []job.Step{job.StepLanding}, Requests: []job.Request{request}, Outcome: &job.Outcome{Run: run.ID, Bytes: int64(i)}}
					f.Step, f.State = job.StepDone, job.FileLanded
					switch {
					case tc.retry && i == 3:
						first := request
						first.OK, first.Slug = false, "net.lost"
						if err := s.Request(t.Context(), first); err != nil {
							t.Fatal(err)
						}
					case tc.stale && i == 5:
						f.Fence++
					case tc.broken && i == 7:
						sqlHere(t, s, fmt.Sprintf(`CREATE TRIGGER rule BEFORE INSERT ON run_files WHEN NEW.file = %d BEGIN SELECT RAISE(ABORT, 'broken'); END`, f.ID))
					}
					if tc.others && i%8 == 0 {
						calls = append(calls, func() error {
							return s.Together(t.Context(), "note", func(s *Store) error {
								err := s.AddAudit(t.Context(), AuditLine{Act: fmt.Sprint("note ", i)})
								if i == 16 {
									return odd
								}
								return err
							})
						})
					}
					calls = append(calls, func() error {
						_, err := s.Advance(t.Context(), job.StepSeen, f, beside)
						return err
					})
				}
				return s, calls
			}
			alone, calls := prepared()
			var want []string
			for _, call := range calls {
				want = append(want, fmt.Sprint(call()))
			}
			together, calls := prepared()
			for i, err := range shared(t, together, calls...) {
				if fmt.Sprint(err) != want[i] {
					t.Errorf("write %d gave %v, and alone %v", i, err, want[i])
				}
			}
			if got, want := left(t, together), left(t, alone); !slices.Equal(got, want) {
				t.Errorf("it left\n%s\nand alone\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if n := len(left(t, alone)); n < 270 {
				t.Errorf("only %d rows are compared", n)
			}
		})
	}
}

func sqlHere(t *testing.T, s *Store, statement string) {
	t.Helper()
	if err := s.writer.Exec(statement).Error; err != nil {
		t.Fatal(err)
	}
}

// Each write of a transaction has stamps of its own, later ones than all before it; a decision and the row that it wrote too.
func TestWritesThatShareATransactionHaveStampsOfTheirOwn(t *testing.T) {
	s := clocked(t)
	_, files := claimedRows(t, s, 12)
	var stamps []int64
	held := files[0]
	held.State, held.Reason = job.FileHeld, &job.Reason{Slug: "remote.vanished"}
	held, err := s.Advance(t.Context(), job.StepSeen, held, job.Beside{})
	if err != nil {
		t.Fatal(err)
	}
	before := held.Touched
	calls := []func() error{
		func() error { _, err := s.See(t.Context(), job.File{Job: "j", Path: "/new"}); return err },
		func() error {
			held.State, held.Reason = job.FileWaiting, nil
			got, err := s.Decide(t.Context(), job.FileHeld, held, AuditLine{Act: "decide"})
			if got.Decided <= before || got.Touched <= got.Decided {
				t.Errorf("decided at %d, touched at %d, after %d", got.Decided, got.Touched, before)
			}
			return err
		},
	}
	for i, f := range files[1:] {
		if i == 4 {
			f.Fence++ // stale: its stamp is nobody's
		}
		calls = append(calls, func() error { _, err := s.Advance(t.Context(), job.StepSeen, f, job.Beside{}); return err })
	}
	for i, err := range shared(t, s, calls...) {
		if stale := i == 2+4; stale != errors.Is(err, job.ErrStale) || !stale && err != nil {
			t.Errorf("write %d gave %v", i, err)
		}
	}
	if err := s.reader.Raw(`SELECT touched FROM files UNION ALL SELECT decided FROM files WHERE decided <> 0`).Scan(&stamps).Error; err != nil {
		t.Fatal(err)
	}
	slices.Sort(stamps)
	last, err := s.Stamp(t.Context())
	if n := len(slices.Compact(slices.Clone(stamps))); n != len(stamps) || n != 14 || stamps[n-1] > last || err != nil {
		t.Errorf("stamps %v, the last %d, %v", stamps, last, err)
	}
}

// A store that is restored gives its rows higher fences, which no claim of what was read before lowers again.
func TestAClaimFindsTheFenceThatItRead(t *testing.T) {
	s := clocked(t)
	f, err := s.See(t.Context(), job.File{Job: "j", Path: "/a"})
	if err != nil {
		t.Fatal(err)
	}
	sqlHere(t, s, `UPDATE files SET fence = 1000`)
	if got, err := s.Claim(t.Context(), f, 1); !errors.Is(err, job.ErrStale) {
		t.Errorf("it was claimed with fence %d, %v", got.Fence, err)
	}
}
