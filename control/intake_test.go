package control_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// dying is a store that stops the process, as it were, behind one of its writes.
type dying struct {
	*store.Store
	begun, ended func() error
}

func (d *dying) BeginAnswer(ctx context.Context, key, asked string, line store.AuditLine) error {
	if err := d.Store.BeginAnswer(ctx, key, asked, line); err != nil || d.begun == nil {
		return err
	}
	return d.begun()
}

func (d *dying) EndAnswer(ctx context.Context, key, answer string) error {
	if d.ended != nil {
		return d.ended()
	}
	return d.Store.EndAnswer(ctx, key, answer)
}

var errDied = errors.New("the process dies here")

func dies() error { return errDied }

// counter is where programs hand files in for the job segment.
type counter struct {
	t      *testing.T
	book   *dying
	intake *control.Intake
	spec   job.Spec
}

func newCounter(t *testing.T) *counter {
	book := &dying{Store: openStore(t)}
	return &counter{t, book, &control.Intake{Book: book}, job.Spec{
		Name: "segment", Type: job.TypeExport, Timing: job.Timing{Zone: time.UTC}, Limits: job.Limits{MaxFileSize: 1000},
		Export: &job.Export{Outbox: t.TempDir(), Match: "segment_*", Ignore: []string{"*.part"}},
	}}
}

func (c *counter) put(key, name, text string) (control.Put, error) {
	c.t.Helper()
	return c.intake.Put(c.t.Context(), c.spec, control.Offer{Name: name, Key: key, By: "platform", Size: int64(len(text)), Body: strings.NewReader(text)})
}

// lies gives what a job would see in the outbox.
func (c *counter) lies() (files []string) {
	c.t.Helper()
	entries, err := os.ReadDir(c.spec.Export.Outbox)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == ".haulier" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(c.spec.Export.Outbox, e.Name()))
		if err != nil {
			c.t.Fatal(err)
		}
		files = append(files, e.Name()+"="+string(text))
	}
	return files
}

// staged counts what lies in the private folder.
func (c *counter) staged() int {
	entries, _ := os.ReadDir(filepath.Join(c.spec.Export.Outbox, ".haulier"))
	return len(entries)
}

func (c *counter) want(err error, slug string, files ...string) {
	c.t.Helper()
	var reason *job.Reason
	if slug == "" && err != nil || slug != "" && (!errors.As(err, &reason) || reason.Slug != slug) {
		c.t.Errorf("want %q, got %v", slug, err)
	}
	if got := c.lies(); !slices.Equal(got, files) {
		c.t.Errorf("in the outbox lie %q, want %q", got, files)
	}
}

func (c *counter) take(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.spec.Export.Outbox, name)); err != nil {
		c.t.Fatal(err)
	}
}

func TestAFileIsPutOnce(t *testing.T) {
	c := newCounter(t)
	put, err := c.put("k1", "segment_1.csv", "a;b")
	c.want(err, "", "segment_1.csv=a;b")
	if want := (control.Put{Job: "segment", Name: "segment_1.csv", Size: 3, SHA256: digestOf("a;b").SHA256}); put != want || c.staged() != 0 {
		t.Errorf("%+v, %d staged", put, c.staged())
	}
	again, err := c.put("k1", "segment_1.csv", "a;b")
	c.want(err, "", "segment_1.csv=a;b")
	c.take("segment_1.csv")
	after, err := c.put("k1", "segment_1.csv", "a;b")
	c.want(err, "") // it was taken, and does not come back
	if again != put || after != put {
		t.Errorf("other answers: %+v %+v", again, after)
	}
	_, err = c.put("k1", "segment_1.csv", "a;c")
	c.want(err, "api.key_reused")
	_, err = c.put("k1", "segment_2.csv", "a;b")
	c.want(err, "api.key_reused")
	_, err = c.put("k2", "segment_1.csv", "a;b")
	c.want(err, "", "segment_1.csv=a;b")
	lines, err := c.book.AuditBy(t.Context(), store.AuditFilter{Object: "segment"}, 0)
	if err != nil || len(lines) != 2 || lines[1].Who != "platform" || lines[1].Act != "outbox.put" || !strings.Contains(lines[1].Detail, put.SHA256) {
		t.Errorf("audit: %+v %v", lines, err)
	}
}

// Wherever the process dies, asking again gives the file once.
func TestAFileIsPutOnceThoughTheProcessDies(t *testing.T) {
	c := newCounter(t)
	c.book.begun = dies
	_, err := c.put("k1", "segment_1.csv", "a;b")
	if c.want(nil, ""); !errors.Is(err, errDied) || c.staged() != 1 {
		t.Fatalf("%v, %d staged", err, c.staged())
	}
	c.book.begun, c.book.ended = nil, dies
	_, err = c.put("k1", "segment_1.csv", "a;b") // it appears, and nobody hears of it
	if c.want(nil, "", "segment_1.csv=a;b"); !errors.Is(err, errDied) {
		t.Fatal(err)
	}
	c.take("segment_1.csv") // and is sent
	c.book.ended = nil
	_, err = c.put("k1", "segment_1.csv", "other")
	c.want(err, "api.key_reused")
	put, err := c.put("k1", "segment_1.csv", "a;b")
	if c.want(err, ""); put.Size != 3 || c.staged() != 0 {
		t.Errorf("%+v, %d staged", put, c.staged())
	}
}

// An attempt that died before its row was written leaves nothing that counts.
func TestAHalfFileIsWrittenAnew(t *testing.T) {
	c := newCounter(t)
	_, err := c.intake.Put(t.Context(), c.spec, control.Offer{Name: "segment_1.csv", Key: "k1", By: "platform", Size: -1, Body: io.MultiReader(strings.NewReader("a;"), iotest.ErrReader(io.ErrUnexpectedEOF))})
	if c.want(nil, ""); !errors.Is(err, io.ErrUnexpectedEOF) || c.staged() != 0 {
		t.Fatalf("%v, %d staged", err, c.staged())
	}
	_, err = c.put("k1", "segment_1.csv", "a;b")
	c.want(err, "", "segment_1.csv=a;b")
}

// What is not known is not made up: the private folder is gone that would show whether the file appeared.
func TestWhetherAFileAppearedMayBeUnknown(t *testing.T) {
	for name, happens := range map[string]func(c *counter){
		"stage removed": func(c *counter) { _ = os.RemoveAll(filepath.Join(c.spec.Export.Outbox, ".haulier")) },
		"other outbox":  func(c *counter) { c.spec.Export.Outbox = t.TempDir() },
	} {
		c := newCounter(t)
		c.book.begun = dies
		_, _ = c.put("k1", "segment_1.csv", "a;b")
		happens(c)
		_, err := c.put("k1", "segment_1.csv", "a;b")
		t.Log(name)
		c.want(err, "api.put_unknown")
	}
}

func TestNothingIsReplaced(t *testing.T) {
	c := newCounter(t)
	put(t, filepath.Join(c.spec.Export.Outbox, "segment_1.csv"), "theirs")
	_, err := c.put("k1", "segment_1.csv", "a;b")
	c.want(err, "local.name_taken", "segment_1.csv=theirs")
	if !errors.Is(err, job.ErrExists) {
		t.Errorf("%v is no conflict", err)
	}
	c.book.begun = func() error { put(t, filepath.Join(c.spec.Export.Outbox, "segment_2.csv"), "theirs"); return nil }
	_, err = c.put("k2", "segment_2.csv", "a;b") // somebody was faster
	c.want(err, "local.name_taken", "segment_1.csv=theirs", "segment_2.csv=theirs")
	c.book.begun = nil
	c.take("segment_2.csv")
	_, err = c.put("k2", "segment_2.csv", "a;b")
	c.want(err, "", "segment_1.csv=theirs", "segment_2.csv=a;b")
}

func TestFilesThatTheJobDoesNotTake(t *testing.T) {
	c := newCounter(t)
	for name, slug := range map[string]string{
		"": "local.unsafe_name", "../segment_1": "local.unsafe_name", "segment_\n": "local.unsafe_name", ".haulier": "local.unsafe_name", "other.csv": "api.name_not_taken", "segment_1.part": "api.name_not_taken",
	} {
		_, err := c.put("k"+name, name, "a;b")
		c.want(err, slug)
	}
	_, err := c.put("k", "segment_1.csv", strings.Repeat("x", 1001))
	c.want(err, "content.too_large")
	_, err = c.intake.Put(t.Context(), c.spec, control.Offer{Name: "segment_1.csv", Key: "k", Size: -1, Body: strings.NewReader(strings.Repeat("x", 1001))})
	c.want(err, "content.too_large")
	_, err = c.put("k", "segment_1.csv", "")
	c.want(err, "content.empty")
	c.spec.Limits.MinFreeSpace = 1 << 60
	_, err = c.put("k", "segment_1.csv", "a;b")
	c.want(err, "local.no_space")
	c.spec.Limits.MinFreeSpace = 0
	_, err = c.put("k", "segment_1.csv", strings.Repeat("x", 1000))
	c.want(err, "", "segment_1.csv="+strings.Repeat("x", 1000))
	if c.spec.Export.Outbox += "/none"; true {
		_, err = c.put("k9", "segment_9.csv", "a;b")
	}
	var reason *job.Reason
	if !errors.As(err, &reason) || reason.Slug != "local.outbox" {
		t.Errorf("no outbox: %v", err)
	}
	c.spec.Export, c.spec.Import = nil, &job.Import{}
	if _, err := c.put("k", "segment_1.csv", "a;b"); !errors.As(err, &reason) || reason.Slug != "api.not_an_export" {
		t.Errorf("an import: %v", err)
	}
}

func TestTheDoneFileComesBehindTheFile(t *testing.T) {
	c := newCounter(t)
	c.spec.Export.DoneFile = "{name}.done"
	_, err := c.put("k1", "segment_1.csv", "a;b")
	c.want(err, "", "segment_1.csv=a;b", "segment_1.csv.done=")
}

// slow is a body whose reading begins something else.
type slow struct {
	then func()
	io.Reader
}

func (s *slow) Read(b []byte) (int, error) {
	if s.then != nil {
		s.then()
		s.then = nil
	}
	return s.Reader.Read(b)
}

func TestOneRequestAtATimeHasAKey(t *testing.T) {
	c := newCounter(t)
	body := &slow{func() {
		_, err := c.put("k1", "segment_1.csv", "a;b")
		c.want(err, "api.key_in_use")
	}, strings.NewReader("a;b")}
	_, err := c.intake.Put(t.Context(), c.spec, control.Offer{Name: "segment_1.csv", Key: "k1", By: "platform", Size: 3, Body: body})
	c.want(err, "", "segment_1.csv=a;b")
}
