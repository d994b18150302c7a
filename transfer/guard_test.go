package transfer_test

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// panics is a mistake in whatever opens files.
type panics struct{}

func (panics) Open(context.Context, io.Writer, io.Reader) (job.Envelope, error) { panic("a mistake") }

// mistaken panics at each sign of life of one stage.
func (b *bundle) mistaken(stage job.Stage) {
	b.watch = func(p job.Progress) {
		if p.Stage == stage && strings.HasPrefix(p.Name, "a") {
			panic("a mistake")
		}
	}
}

// count gives how often the server was asked for an operation.
func (b *bundle) count(op string) (n int) {
	for _, asked := range b.server.Log() {
		if asked.Op == op {
			n++
		}
	}
	return n
}

func TestPanicCostsOneFileOneAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		begin  func(*bundle)
		mend   func(*bundle)
		export bool
	}{
		"in the opener": {
			begin: func(b *bundle) {
				b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) { return panics{}, nil }
				b.spec.Import.Opening, b.spec.Import.Match = &job.Opening{DecryptWith: []string{"ours"}}, "a*.csv"
			},
			mend: func(b *bundle) { b.spec.Import.Opening, b.spec.Import.Match = nil, "*.csv" },
		},
		"while it is fetched": {begin: func(b *bundle) { b.mistaken(job.StageDownload) }},
		"while it is fetched to be kept": {begin: func(b *bundle) {
			b.spec.Import.Archive = &job.Archive{Dir: filepath.Join(b.stage, "archive")}
			b.mistaken(job.StageDownload)
		}},
		"while it is sent": {begin: func(b *bundle) { b.mistaken(job.StageUpload) }, export: true},
		"when it is opened": {begin: func(b *bundle) {
			b.spec.Import.Archive = &job.Archive{Dir: filepath.Join(b.stage, "archive")}
			b.mistaken(job.StageDecrypt)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{})
			from, to := b.remote("out"), b.landing
			if b.importing(nil); c.export {
				b.exporting(nil)
				from, to = b.outbox, b.remote("in")
			}
			for _, n := range []string{"a.csv", "b.csv", "c.csv"} {
				put(t, filepath.Join(from, n), n)
			}
			c.begin(b)
			result := b.do()
			if result.Counts.Failed != 1 || result.Reason == nil || result.Reason.Slug != "unexpected.panic" || result.Reason.Who != job.WhoUs ||
				!strings.Contains(result.Reason.Technical, "a mistake") || !strings.Contains(result.Reason.Technical, "guard_test.go") {
				t.Errorf("result %+v, reason %+v", result, result.Reason)
			}
			if opened, closed := b.count("open")+b.count("opendir"), b.count("close"); opened != closed {
				t.Errorf("%d handles were opened on the server and %d closed", opened, closed)
			}
			if b.watch = nil; c.mend != nil {
				c.mend(b)
			}
			b.do()
			has(t, to, map[string]string{"a.csv": "a.csv", "b.csv": "b.csv", "c.csv": "c.csv"})
		})
	}
}

// What panics when a file's end is told has been written down already: the run says so, and the process lives.
func TestPanicAtTheEndOfAFile(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	put(t, b.remote("out", "a.csv"), "one")
	b.mistaken(job.StageEnd)
	if result := b.do(); result.Reason == nil || result.Reason.Slug != "unexpected.panic" {
		t.Errorf("result %+v", result)
	}
	b.watch = nil
	b.want(0, 0, 0, 0)
	has(t, b.landing, map[string]string{"a.csv": "one"})
}
