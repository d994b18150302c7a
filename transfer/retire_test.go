package transfer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftptest"
)

// What was served last night is no success of tonight: as long as its source cannot be retired, each run is in trouble.
func TestRetiringIsTroubleAndNoSecondSuccess(t *testing.T) {
	imports := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/none"} })
	put(t, imports.remote("out", "a.csv"), "one")
	for name, b := range map[string]*bundle{"import": imports, "export": stubborn(t, "")} {
		before := false
		b.watch = func(p job.Progress) {
			if p.Stage == job.StageEnd {
				before = p.Before
			}
		}
		for i, ok := range []int{1, 0, 0} {
			if r := b.want(ok, 0, 0, 0); r.State != job.RunPartial || r.Reason == nil {
				t.Errorf("%s, run %d: %s: %v", name, i, r.State, r.Reason)
			}
			if before != (i > 0) {
				t.Errorf("%s, run %d: served before: %v", name, i, before)
			}
		}
	}
	if err := os.Mkdir(imports.remote("none"), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := imports.want(0, 0, 0, 0); r.State != job.RunSucceeded {
		t.Errorf("in the end: %s: %v", r.State, r.Reason)
	}
	has(t, filepath.Join(imports.root, "none"), map[string]string{"a.csv": "one"})
}

// A job that came to keep its sources gives back what it had taken aside: the customer finds it under its own name, and it is
// not landed again.
func TestImportThatComesToKeepPutsSourcesBack(t *testing.T) {
	for name, test := range map[string]struct {
		fault sftptest.Fault
		there string // what the customer has put in its place meanwhile
		want  map[string]string
		lands int
	}{
		"claimed":        {fault: sftptest.Fault{Op: "open", Do: sftptest.Drop, Times: 1}, want: map[string]string{"a.csv": "one"}, lands: 1},
		"answer lost":    {fault: sftptest.Fault{Op: "posix-rename", Do: sftptest.DropDone, Times: 1}, want: map[string]string{"a.csv": "one"}, lands: 1},
		"never moved":    {fault: sftptest.Fault{Op: "posix-rename", Do: sftptest.Drop, Times: 1}, want: map[string]string{"a.csv": "one"}, lands: 1},
		"its name taken": {fault: sftptest.Fault{Op: "open", Do: sftptest.Drop, Times: 1}, there: "the next one", lands: 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{test.fault}}).importing(func(im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete })
			put(t, b.remote("out", "a.csv"), "one")
			b.do()
			b.spec.Import.Claim, b.spec.Import.AfterSuccess.Action = false, job.RetireKeep
			if test.there != "" {
				put(t, b.remote("out", "a.csv"), test.there)
			}
			r := b.want(test.lands, 0, 0, 0)
			if test.there != "" {
				if !strings.Contains(r.Note, "its source stays on the server as") {
					t.Errorf("note %q", r.Note)
				}
				test.want = map[string]string{"a.csv": test.there, filepath.Base(b.rows()[0].Aside): "one"}
			}
			b.want(0, 0, 0, 0)
			has(t, b.remote("out"), test.want)
		})
	}
}

// The same for a rename that took effect when its row was done already.
func TestImportPutsBackWhatWentAsideLate(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	put(t, b.remote("out", "a.csv"), "one", at)
	b.want(1, 0, 0, 0)
	f := b.last()
	if err := os.Rename(b.remote("out", "a.csv"), b.remote("out", naming.Aside(f.ID, f.Fence, "a.csv"))); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.want(0, 0, 0, 0)
		has(t, b.remote("out"), map[string]string{"a.csv": "one"})
	}
}
