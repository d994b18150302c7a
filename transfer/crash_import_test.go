package transfer_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// crashImport is one kind of import whose run is hit at every moment.
type crashImport struct {
	name   string
	file   string // empty: a.csv
	knobs  sftptest.Knobs
	change func(*bundle, *job.Import)
	before string // a version that landed on the day before
	taken  bool   // the platform takes landed files at once
	sealed bool
	people bool   // a person looks at each file
	mayBe  string // slug of a hold that is right here
	// windows says that the server leaves moments in which a version that replaces another cannot be told from it: there
	// is no rename, or nobody may look before a fetch. The plan names them.
	windows bool
}

var crashImports = []crashImport{
	{name: "keep"},
	{name: "move", change: func(_ *bundle, im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"} }},
	{name: "delete", change: func(_ *bundle, im *job.Import) { im.AfterSuccess.Action = job.RetireDelete }},
	{name: "delete in place", windows: true, knobs: sftptest.Knobs{NoRename: true}, change: func(_ *bundle, im *job.Import) { im.AfterSuccess.Action = job.RetireDelete }},
	{name: "claim and delete", change: func(_ *bundle, im *job.Import) { im.Claim, im.AfterSuccess.Action = true, job.RetireDelete }},
	{name: "claim and move what comes again, under a long name", file: longest, before: "yesterday", change: func(_ *bundle, im *job.Import) {
		im.Claim, im.AfterSuccess = true, job.Retire{Action: job.RetireMove, Dir: "/done"}
	}},
	{name: "archive and PGP under a long name", file: longest, sealed: true, change: func(b *bundle, im *job.Import) {
		im.Archive, im.AfterSuccess.Action = &job.Archive{Dir: filepath.Join(b.stage, "archive")}, job.RetireDelete
	}},
	{name: "read-once", windows: true, knobs: sftptest.Knobs{ReadOnce: true}, mayBe: "remote.source_consumed", change: func(b *bundle, _ *job.Import) { b.conn.ReadOnce = true }},
	{name: "fixed name that is taken", before: "yesterday"},
	{name: "supervised", people: true, change: func(_ *bundle, im *job.Import) { im.AfterSuccess.Action = job.RetireDelete }},
	{name: "supervised, claim and archive", people: true, change: func(b *bundle, im *job.Import) {
		im.Archive, im.Claim, im.AfterSuccess.Action = &job.Archive{Dir: filepath.Join(b.stage, "archive")}, true, job.RetireDelete
	}},
	{name: "taken at once", taken: true, change: func(_ *bundle, im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"} }},
}

// crashes are the ways in which a run is hit.
var crashes = []struct {
	name      string
	blow      blow
	after     bool
	late      bool
	overwrite bool
	again     bool // the next run dies at the same place
}{
	{name: "dies before", blow: killProcess},
	{name: "dies after", blow: killProcess, after: true},
	{name: "session dies before", blow: killSession},
	{name: "session dies after", blow: killSession, after: true},
	{name: "session dies, request comes late", blow: killSession, late: true},
	{name: "refused", blow: refuse},
	{name: "refused and done", blow: refuse, after: true},
	{name: "overwritten before", blow: happen, overwrite: true},
	{name: "overwritten before, dies before", blow: killProcess, overwrite: true},
	{name: "overwritten after, dies after", blow: killProcess, after: true, overwrite: true},
	{name: "dies twice", blow: killProcess, after: true, again: true},
}

// crashed is one case at work: what the customer wrote, and what the platform got.
type crashed struct {
	*bundle
	kind    crashImport
	written []string        // versions in their order
	over    map[string]bool // versions that the customer replaced before anybody else had them
	took    []string        // what the platform took at once
	key     pgp.Private
}

func TestImportSurvivesEveryCrash(t *testing.T) {
	key := keyPair(t, "ours")
	t.Cleanup(transfer.Hasten())
	for i, kind := range crashImports {
		for j, way := range crashes {
			if way.overwrite && kind.windows {
				continue
			}
			t.Run(kind.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				for n := firstHit(i, j); ; n += everyHit() {
					c := newCrashed(t, kind, key)
					g := &guard{blow: way.blow, at: n, after: way.after, late: way.late, landed: c.take}
					if way.overwrite {
						g.event = func() { c.write("the second version, which is longer") }
					}
					c.night(g, kind.people)
					if g.hit == "" {
						return
					}
					if way.again {
						c.night(&guard{blow: way.blow, at: n, after: way.after, landed: c.take}, kind.people)
					}
					c.recover(g)
					if c.check(); t.Failed() {
						t.Fatalf("the run was hit at action %d: %s", n, g.hit)
					}
				}
			})
		}
	}
}

func newCrashed(t *testing.T, kind crashImport, key pgp.Private) *crashed {
	t.Helper()
	b := setup(t, kind.knobs)
	b.importing(func(im *job.Import) {
		if kind.change != nil {
			kind.change(b, im)
		}
	})
	b.spec.Supervised = supervision(kind.people)
	c := &crashed{bundle: b, kind: kind, over: map[string]bool{}, key: key}
	if kind.sealed {
		b.spec.Import.Opening = &job.Opening{DecryptWith: []string{"ours"}}
		b.opener = func(context.Context, job.Opening, job.Limits) (transfer.Opener, error) {
			return &pgp.Opener{Keys: []pgp.Private{key}}, nil
		}
	}
	put(t, b.remote("out", "foreign.txt"), "not ours")
	put(t, b.remote("done", "foreign.txt"), "not ours")
	if kind.before != "" {
		c.write(kind.before)
		c.doGuarded(&guard{landed: c.take})
	}
	c.write("first")
	return c
}

// write puts a version under the customer's name, whole at once.
func (c *crashed) write(text string) {
	path := c.remote("out", cmp.Or(c.kind.file, "a.csv"))
	if now, err := os.ReadFile(path); err == nil {
		c.over[c.open(string(now))] = true
	}
	content := text
	if c.kind.sealed {
		content = sealTo(c.t, c.key, text)
	}
	aside := c.remote("upload")
	at := time.Date(2026, 11, 20, 1, len(c.written), 0, 0, time.UTC)
	put(c.t, aside, content, at)
	if err := os.Rename(aside, path); err != nil {
		c.t.Error(err)
	}
	c.written = append(c.written, text)
}

// open gives the plaintext of what lies on the server or in the archive.
func (c *crashed) open(content string) string {
	if !c.kind.sealed {
		return content
	}
	var plain bytes.Buffer
	if _, err := (&pgp.Opener{Keys: []pgp.Private{c.key}}).Open(c.t.Context(), &plain, strings.NewReader(content)); err != nil {
		c.t.Errorf("open %q: %v", content[:min(20, len(content))], err)
	}
	return plain.String()
}

// take is the platform that takes files as soon as they land.
func (c *crashed) take() {
	if !c.kind.taken {
		return
	}
	c.took = append(c.took, contents(c.t, c.landing)...)
	entries, _ := os.ReadDir(c.landing)
	for _, entry := range entries {
		if !entry.IsDir() {
			_ = os.Remove(filepath.Join(c.landing, entry.Name()))
		}
	}
}

// contents gives what the files of a folder hold, hidden ones too.
func contents(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var texts []string
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Error(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

// recover runs the job as often as a night would. A request that was cut off takes effect in the middle of the first.
func (c *crashed) recover(g *guard) {
	for i := range 3 {
		if i == 2 {
			c.age()
		}
		next := &guard{landed: c.take}
		if i == 0 && g.owed != nil {
			next.blow, next.at, next.after = happen, 2, true
			next.event = func() { _ = g.owed() }
		}
		c.night(next, c.kind.people)
	}
}

// age makes what lies in the stage two days old: what a process left that died behind its last step is swept then.
func (c *crashed) age() {
	entries, _ := os.ReadDir(filepath.Join(c.landing, ".haulier"))
	old := time.Now().Add(-48 * time.Hour)
	for _, entry := range entries {
		if err := os.Chtimes(filepath.Join(c.landing, ".haulier", entry.Name()), old, old); err != nil {
			c.t.Error(err)
		}
	}
}

// check is the auditor: it believes the disks, not the program.
func (c *crashed) check() {
	t := c.t
	t.Helper()
	landed := append(contents(t, c.landing), c.took...)
	count := map[string]int{}
	for _, text := range landed {
		count[text]++
	}
	held := c.held()
	for i, version := range c.written {
		last := i == len(c.written)-1
		switch n := count[version]; {
		case n > 1:
			t.Errorf("version %q landed %d times", version, n)
		case n == 0 && (last || !c.over[version]) && len(held) == 0:
			t.Errorf("version %q did not land, and nothing is held", version)
		}
		delete(count, version)
	}
	if len(count) > 0 {
		t.Errorf("landed what nobody wrote: %v", count)
	}
	for _, slug := range held {
		if slug != c.kind.mayBe {
			t.Errorf("held for %s", slug)
		}
	}
	if len(held) == 0 {
		c.checkSources(landed)
	}
	c.checkRows(landed)
	c.checkForeign()
}

func (c *crashed) held() []string {
	var slugs []string
	for _, f := range c.rows() {
		if f.State == job.FileHeld {
			slugs = append(slugs, f.Reason.Slug)
		}
	}
	return slugs
}

// checkSources looks whether each source came to the end that the job says.
func (c *crashed) checkSources(landed []string) {
	t := c.t
	t.Helper()
	var left []string
	for _, text := range contents(t, c.remote("out")) {
		if text != "not ours" {
			left = append(left, c.open(text))
		}
	}
	last := c.written[len(c.written)-1]
	switch {
	case c.kind.knobs.ReadOnce:
	case c.spec.Import.AfterSuccess.Action == job.RetireKeep:
		if fmt.Sprint(left) != fmt.Sprint([]string{last}) {
			t.Errorf("the source folder holds %q, want %q", left, last)
		}
	case len(left) > 0:
		t.Errorf("the source folder still holds %q", left)
	}
	if c.spec.Import.AfterSuccess.Action != job.RetireMove {
		return
	}
	moved := map[string]int{}
	for _, text := range contents(t, c.remote("done")) {
		moved[c.open(text)]++
	}
	for _, text := range landed {
		if n := moved[text]; n > 1 || (n == 0 && !c.over[text]) {
			t.Errorf("version %q lies %d times in the customer's archive", text, n)
		}
	}
}

// checkRows compares the ledger and its events with the disks.
func (c *crashed) checkRows(landed []string) {
	t := c.t
	t.Helper()
	hashes := map[string]int{}
	for _, text := range landed {
		hashes[digestOf(text)]++
	}
	for _, f := range c.rows() {
		switch f.State {
		case job.FileLanded:
			hashes[f.Plain.SHA256]--
			if f.Step != job.StepDone {
				t.Errorf("row %d landed and stands at %s: %v", f.ID, f.Step, f.Reason)
			}
		case job.FileHeld, job.FileSkipped:
		default:
			t.Errorf("row %d (generation %d) is %s at %s: %v", f.ID, f.Generation, f.State, f.Step, f.Reason)
		}
	}
	for hash, n := range hashes {
		if n != 0 {
			t.Errorf("the ledger and the landing differ by %d of %s", n, hash)
		}
	}
	if n := c.events("file.landed"); n != len(landed) {
		t.Errorf("%d files landed, and %d events tell of it", len(landed), n)
	}
	stage, err := os.ReadDir(filepath.Join(c.landing, ".haulier"))
	if err != nil {
		t.Error(err)
	}
	for _, entry := range stage {
		if !strings.HasPrefix(entry.Name(), "epoch.") && len(c.held()) == 0 {
			t.Errorf("the stage still holds %s", entry.Name())
		}
	}
	if c.spec.Import.Archive != nil {
		if archived := contents(t, c.spec.Import.Archive.Dir); len(archived) != len(landed) {
			t.Errorf("%d files landed, and %d lie in the archive", len(landed), len(archived))
		}
	}
}

func (c *crashed) checkForeign() {
	for _, dir := range []string{"out", "done"} {
		if text, err := os.ReadFile(c.remote(dir, "foreign.txt")); err != nil || string(text) != "not ours" {
			c.t.Errorf("a foreign file in %s: %q, %v", dir, text, err)
		}
	}
}

// events counts what was told.
func (b *bundle) events(kind string) int {
	b.t.Helper()
	events, err := b.store.Events(b.t.Context(), 0, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

func digestOf(text string) string {
	sum := sha256.New()
	_, _ = io.WriteString(sum, text)
	return fmt.Sprintf("%x", sum.Sum(nil))
}
