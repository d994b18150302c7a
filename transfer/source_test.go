package transfer_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// aroundGet is a session in which something happens before a download, and the server says of an open file what it likes.
type aroundGet struct {
	transfer.Carrier
	before func()
	says   func(job.Entry) job.Entry
}

func (c aroundGet) Get(ctx context.Context, path string, size int64, dst io.Writer, committed func(job.Entry) error) (int64, error) {
	c.before()
	return c.Carrier.Get(ctx, path, size, dst, func(read job.Entry) error { return committed(c.says(read)) })
}

func asItIs(e job.Entry) job.Entry { return e }

// A version that takes the place of the listed one before it is opened, in the same size, and is taken away while it is read,
// tells by the open handle alone that it is another. It was never seen quiet, and does not land under the other's row.
func TestImportKnowsWhatItReadAfterItsNameIsGone(t *testing.T) {
	for name, tc := range map[string]struct {
		other, archived bool
		want            job.Counts
	}{
		"the listed version":                {false, false, job.Counts{OK: 1}},
		"the listed version, kept as it is": {false, true, job.Counts{OK: 1}},
		"another one":                       {true, false, job.Counts{Held: 1}},
		"another one, kept as it is":        {true, true, job.Counts{Held: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
				if tc.archived {
					im.Archive = &job.Archive{Dir: filepath.Join(t.TempDir(), "archive"), KeepFor: time.Hour}
				}
			})
			path, at := b.remote("out", "a.csv"), time.Unix(1_700_000_000, 0)
			put(t, path, "one version", at)
			b.watch = func(p job.Progress) {
				if p.Stage == job.StageDownload {
					_ = os.Remove(path)
				}
			}
			replace := func() {
				if tc.other {
					put(t, path, "two version", at.Add(time.Hour))
				}
			}
			r := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { return aroundGet{c, replace, asItIs} }})
			if r.Counts != tc.want {
				t.Errorf("counts %v, want %v; reason %v", r.Counts, tc.want, r.Reason)
			}
			if tc.other {
				has(t, b.landing, nil)
				if cause := r.Reason.Cause; !strings.Contains(cause, "11 B of 2023-11-14 22:13:20Z listed, 11 B of 2023-11-14 23:13:20Z read") {
					t.Errorf("the cause is %s", cause)
				}
			} else {
				has(t, b.landing, map[string]string{"a.csv": "one version"})
			}
		})
	}
}

// A server that gives open files times of its own is not believed while the name bears what was listed, nor when a later name is
// gone.
func TestImportBelievesTheNameMoreThanTheHandle(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(*job.Import) {})
	b.alone = true
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "b.csv"), "two")
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageDownload && p.Name == "b.csv" {
			_ = os.Remove(b.remote("out", "b.csv"))
		}
	}
	odd := func(e job.Entry) job.Entry { e.ModTime = time.Now().Unix(); e.Size = 0; return e }
	r := b.doBetween(between{remote: func(c transfer.Carrier) transfer.Carrier { return aroundGet{c, func() {}, odd} }})
	if r.Counts != (job.Counts{OK: 2}) {
		t.Errorf("counts %v, reason %v", r.Counts, r.Reason)
	}
	has(t, b.landing, map[string]string{"a.csv": "one", "b.csv": "two"})
}
