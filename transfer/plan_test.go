package transfer_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// plan gives the plan of the bundle's job, a line each: mark, act and name. They are sorted: a folder has no order.
func (b *bundle) plan() []string {
	b.t.Helper()
	intents, err := b.intents()
	if err != nil {
		b.t.Fatal(err)
	}
	var lines []string
	for _, i := range intents {
		lines = append(lines, fmt.Sprintf("%s %s %s", i.Mark, i.Act, i.Name))
	}
	slices.Sort(lines)
	return lines
}

func (b *bundle) intents() ([]job.Intent, error) {
	b.t.Helper()
	session, err := b.pool.Session(b.t.Context(), b.conn)
	if err != nil {
		b.t.Fatal(err)
	}
	defer session.Close()
	if b.spec.Type == job.TypeImport {
		return b.importer().Plan(b.t.Context(), session, b.spec, job.Run{Started: time.Now()})
	}
	return b.exporter().Plan(b.t.Context(), session.Profile(), b.conn, b.spec, job.Run{Started: time.Now()})
}

func TestPlanOfAnImportMovesNothing(t *testing.T) {
	b := setup(t, sftptest.Knobs{HostileNames: []string{"../x.csv"}}).importing(func(im *job.Import) {
		im.AfterSuccess, im.AllowEmpty = job.Retire{Action: job.RetireMove, Dir: "/done"}, true
	})
	b.spec.Limits.MaxFileSize = 10
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "large.csv"), "more than ten bytes")
	want := "! reject ../x.csv|! reject large.csv|+ download a.csv|> move a.csv"
	if got := strings.Join(b.plan(), "|"); got != want {
		t.Errorf("plan %q, want %q", got, want)
	}
	if rows := b.rows(); len(rows) != 0 {
		t.Errorf("the plan wrote %d rows", len(rows))
	}
	has(t, b.landing, nil)
	b.spec.Import.AfterSuccess.Action = job.RetireKeep
	b.want(1, 2, 0, 0)
	if got := strings.Join(b.plan(), "|"); !strings.Contains(got, "= skip a.csv") || strings.Contains(got, "+ ") {
		t.Errorf("plan after the run %q", got)
	}
}

func TestPlanShowsWhatAMassChangeHolds(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	write := func(at time.Time) {
		for i := range 25 {
			put(t, b.remote("out", fmt.Sprintf("f%02d.csv", i)), fmt.Sprint("content ", i), at)
		}
	}
	write(day)
	b.want(25, 0, 0, 0)
	write(day.Add(time.Hour))
	for _, line := range b.plan() {
		if !strings.HasPrefix(line, "! held ") {
			t.Errorf("plan says %q", line)
		}
	}
}

func TestPlanOfAnExportSaysHow(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).exporting(nil)
	put(t, filepath.Join(b.outbox, "a.csv"), "one")
	put(t, filepath.Join(b.outbox, "empty.csv"), "")
	if got := strings.Join(b.plan(), "|"); got != "! reject empty.csv|+ upload a.csv" {
		t.Errorf("plan %q", got)
	}
	has(t, b.remote("in"), nil)
}

// After a restore a run holds what looks new, and the plan that restore advises to look at must say so.
func TestPlanKnowsOfARestore(t *testing.T) {
	imports := setup(t, sftptest.Knobs{}).importing(nil)
	exports := setup(t, sftptest.Knobs{}).exporting(nil)
	for b, folder := range map[*bundle]string{imports: imports.remote("out"), exports: exports.outbox} {
		put(t, filepath.Join(folder, "before.csv"), "0")
		b.want(1, 0, 0, 0)
		if _, err := b.store.NewEpoch(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(folder, "new.csv"), "1")
		if got := strings.Join(b.plan(), "|"); got != "! held new.csv|= skip before.csv" {
			t.Errorf("%s: plan %q", b.spec.Type, got)
		}
		b.want(0, 0, 0, 1)
	}
}

// A plan remembers nothing in the stage: the run after it still sees that the ledger is another.
func TestPlanLeavesTheStageAsItIs(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	if got := b.plan(); len(got) != 0 {
		t.Errorf("plan %q", got)
	}
	if _, err := os.Stat(b.landing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the plan made the landing: %v", err)
	}
}
