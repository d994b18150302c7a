package audit_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/test/audit"
)

func ctx() context.Context { return context.Background() }

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// crime is a copy of the clean night, to be tampered with.
type crime struct {
	t   *testing.T
	dir string
}

func newCrime(t *testing.T) *crime {
	t.Helper()
	dir, err := clean()
	if err != nil {
		t.Fatal(err)
	}
	c := &crime{t, filepath.Join(t.TempDir(), "night")}
	if err := os.CopyFS(c.dir, os.DirFS(dir)); err != nil && !strings.Contains(err.Error(), "haulier.sock") {
		t.Fatal(err)
	}
	return c
}

func (c *crime) path(name string) string { return filepath.Join(c.dir, name) }

func (c *crime) evidence() audit.Evidence {
	e := audit.Evidence{Ledger: c.path("data/haulier.db")}
	server := audit.Server{Root: c.path("srv"), Log: c.path("logs/server")}
	for _, job := range imports {
		e.Imports = append(e.Imports, audit.Import{Job: job, Server: server, Dir: "/out/" + job, Sources: c.path("logs/" + job + ".sources"),
			Landing: c.path("land/" + job), Taken: c.path("logs/" + job + ".taken"), Claim: job == "claim"})
	}
	for _, job := range exports {
		x := audit.Export{Job: job, Server: server, Dir: "/in/" + job, Sources: c.path("logs/" + job + ".sources"), Outbox: c.path("box/" + job)}
		if job == "plain-move" {
			x.Archive = c.path("sent/plain-move")
		}
		if strings.HasPrefix(job, "seal") {
			x.Opened = c.path("logs/opened")
		}
		e.Exports = append(e.Exports, x)
	}
	return e
}

func (c *crime) audit() audit.Report {
	c.t.Helper()
	report, err := audit.Audit(c.evidence())
	if err != nil {
		c.t.Fatal(err)
	}
	return report
}

// finds expects findings of these kinds and no others, all of one job.
func (c *crime) finds(job string, kinds ...audit.Kind) {
	c.t.Helper()
	report := c.audit()
	var got []audit.Kind
	wrong := false
	for _, f := range report.Findings {
		got = append(got, f.Kind)
		wrong = wrong || f.Job != job || f.Evidence == ""
	}
	slices.Sort(got)
	slices.Sort(kinds)
	if wrong || !slices.Equal(got, kinds) {
		var text strings.Builder
		_ = report.Print(&text)
		c.t.Errorf("want %v of %s:\n%s", kinds, job, text.String())
	}
}

func (c *crime) sql(query string, args ...any) {
	c.t.Helper()
	db, err := sql.Open("sqlite", c.path("data/haulier.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	result, err := db.Exec(query, args...)
	if err != nil {
		c.t.Fatal(err)
	}
	if n, _ := result.RowsAffected(); n != 1 {
		c.t.Fatalf("%d rows were tampered with, want 1: %s", n, query)
	}
}

// edit changes a log: line by line, nil takes a line out, and it must have changed one line at least.
func (c *crime) edit(name string, change func(map[string]any) []map[string]any) {
	c.t.Helper()
	text, err := os.ReadFile(c.path(name))
	if err != nil {
		c.t.Fatal(err)
	}
	var out []byte
	for line := range strings.Lines(string(text)) {
		var fields map[string]any
		numbers := json.NewDecoder(strings.NewReader(line))
		numbers.UseNumber() // times in nanoseconds are more than a float64 holds
		if err := numbers.Decode(&fields); err != nil {
			c.t.Fatal(err)
		}
		for _, f := range change(fields) {
			b, err := json.Marshal(f)
			if err != nil {
				c.t.Fatal(err)
			}
			out = append(append(out, b...), '\n')
		}
	}
	if string(out) == string(text) {
		c.t.Fatalf("%s is as it was", name)
	}
	if err := os.WriteFile(c.path(name), out, 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// without takes the lines of a name out of a consumer's log.
func (c *crime) without(job, name string) {
	c.t.Helper()
	c.edit("logs/"+job+".taken", func(l map[string]any) []map[string]any {
		if l["name"] == name {
			return nil
		}
		return []map[string]any{l}
	})
}

// TestCleanNightHasNoFindings: keep, move, delete, claim; exports; with and without PGP; equal contents, fixed names that
// come again, refused files, versions that nobody saw.
func TestCleanNightHasNoFindings(t *testing.T) {
	c := newCrime(t)
	report := c.audit()
	var text strings.Builder
	_ = report.Print(&text)
	t.Log(text.String())
	if len(report.Findings) > 0 {
		t.Error("there are findings")
	}
	// Each job puts out: a, b, twins, daily, hasty twice, withdrawn, one that is refused, daily again; a once more where
	// nothing is sealed; imports one more when it is too late. Of "forced" everything but what is refused lands again, by
	// which the second a lands too.
	jobs, plain := len(imports)+len(exports), len(imports)+len(exports)-2
	want := audit.Report{
		Versions: 10*jobs + plain + len(imports),
		Arrived:  7*jobs + 1, // a, b, two twins, two days, and what followed haste
		Pending:  jobs + plain - 1,
		Unseen:   2*jobs + len(imports),
		Asked:    5,
	}
	report.Findings = nil
	if diff := cmp.Diff(want, report); diff != "" {
		t.Error(diff)
	}
}

func TestSeededLost(t *testing.T) {
	t.Run("landed and gone", func(t *testing.T) { // the row says landed, the source is deleted, and nobody has it
		for _, job := range []string{"delete", "claim"} {
			c := newCrime(t)
			c.without(job, "b.csv")
			c.finds(job, audit.Lost)
		}
	})
	t.Run("forgotten", func(t *testing.T) { // listed, still there, and no row tells of it
		c := newCrime(t)
		c.without("keep", "b.csv")
		c.sql(`UPDATE files SET job = 'nobody' WHERE job = 'keep' AND name = CAST('b.csv' AS BLOB)`)
		c.finds("keep", audit.Lost)
	})
	t.Run("without a reason", func(t *testing.T) {
		c := newCrime(t)
		c.sql(`UPDATE files SET reason = '' WHERE job = 'keep' AND name = CAST('empty.csv' AS BLOB)`)
		c.finds("keep", audit.Lost)
	})
	t.Run("of a sealed export", func(t *testing.T) { // never uploaded, and its source is deleted
		c := newCrime(t)
		c.withoutDelivery("/in/seal-delete/b.csv")
		c.finds("seal-delete", audit.Lost)
	})
}

// withoutDelivery makes the server never have had a final name.
func (c *crime) withoutDelivery(final string) {
	c.t.Helper()
	c.edit("logs/server", func(l map[string]any) []map[string]any {
		if p, _ := l["path"].(string); l["to"] == final || strings.HasPrefix(p, final) {
			return nil
		}
		return []map[string]any{l}
	})
	if err := os.Remove(c.path("srv" + final)); err != nil {
		c.t.Fatal(err)
	}
}

func TestSeededDup(t *testing.T) {
	for _, job := range []string{"keep", "delete", "sealed"} {
		c := newCrime(t)
		c.edit("logs/"+job+".taken", func(l map[string]any) []map[string]any { // it landed once more
			if l["name"] == "twin-1.csv" {
				return []map[string]any{l, l}
			}
			return []map[string]any{l}
		})
		c.finds(job, audit.Dup)
	}
	c := newCrime(t)
	if err := os.WriteFile(c.path("land/move/a.2.csv"), []byte("a of move"), 0o600); err != nil { // and lies there
		t.Fatal(err)
	}
	// It was put out twice, and the second was skipped: one more than landed is the second, two are too many.
	if err := os.WriteFile(c.path("land/move/a.3.csv"), []byte("a of move"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.finds("move", audit.Dup)
	c = newCrime(t) // of two files of equal content one landed twice, and the other never
	c.edit("logs/keep.taken", func(l map[string]any) []map[string]any {
		if l["name"] == "twin-2.csv" {
			l["name"] = "twin-1.csv"
		}
		return []map[string]any{l}
	})
	c.finds("keep", audit.Dup, audit.Ghost)
	for _, final := range []string{"/in/plain/b.csv", "/in/seal/b.csv"} {
		c := newCrime(t)
		c.edit("logs/server", func(l map[string]any) []map[string]any { // it was renamed to its final name again
			if l["to"] == final {
				return []map[string]any{l, l}
			}
			return []map[string]any{l}
		})
		c.finds(filepath.Base(filepath.Dir(final)), audit.Dup)
	}
}

func TestSeededPartial(t *testing.T) {
	c := newCrime(t)
	c.without("keep", "b.csv") // it lies in the landing, and half of it is missing
	if err := os.WriteFile(c.path("land/keep/b.csv"), []byte("b of keep\nb of "), 0o600); err != nil {
		t.Fatal(err)
	}
	c.finds("keep", audit.Partial)

	c = newCrime(t)
	c.edit("logs/delete.taken", func(l map[string]any) []map[string]any { // the consumer found it unfinished
		if l["name"] == "b.csv" {
			l["changed"] = true
		}
		return []map[string]any{l}
	})
	c.finds("delete", audit.Partial)

	for _, final := range []string{"/in/plain/b.csv", "/in/seal/b.csv"} {
		c = newCrime(t)
		if err := os.Truncate(c.path("srv"+final), 100); err != nil {
			t.Fatal(err)
		}
		c.finds(filepath.Base(filepath.Dir(final)), audit.Partial)
	}
}

func TestSeededEarlyDelete(t *testing.T) {
	early := func(path string, back time.Duration) func(map[string]any) []map[string]any {
		return func(l map[string]any) []map[string]any {
			if p, _ := l["path"].(string); strings.HasSuffix(p, path) && l["took"] != nil {
				at, err := time.Parse(time.RFC3339Nano, l["at"].(string))
				if err != nil {
					panic(err)
				}
				l["at"] = at.Add(-back)
			}
			return []map[string]any{l}
		}
	}
	// The requests about the source came a second before the landing, after the version was put out: that clock is
	// turned back with them.
	for _, job := range []string{"move", "delete", "claim", "sealed-delete"} {
		c := newCrime(t)
		name := "b.csv"
		if job == "sealed-delete" {
			name += ".pgp"
		}
		c.edit("logs/server", func(l map[string]any) []map[string]any {
			if p, _ := l["path"].(string); strings.HasPrefix(p, "/out/"+job+"/") {
				return early(name, time.Second)(l)
			}
			return []map[string]any{l}
		})
		c.edit("logs/"+job+".sources", func(l map[string]any) []map[string]any {
			at, _ := time.Parse(time.RFC3339Nano, l["at"].(string))
			l["at"] = at.Add(-time.Minute)
			return []map[string]any{l}
		})
		c.finds(job, audit.EarlyDelete)
	}
	c := newCrime(t) // the ledger says landed in time, but the file came only later
	c.edit("logs/delete.taken", func(l map[string]any) []map[string]any {
		if l["name"] == "b.csv" {
			l["ctime"] = time.Now().UnixNano()
		}
		return []map[string]any{l}
	})
	c.finds("delete", audit.EarlyDelete)
	c = newCrime(t) // an export that waits, and its source is gone
	if err := os.Remove(c.path("box/plain/empty.csv")); err != nil {
		t.Fatal(err)
	}
	c.finds("plain", audit.EarlyDelete)
}

func TestSeededGhost(t *testing.T) {
	c := newCrime(t) // a refused file is called landed
	c.sql(`UPDATE files SET state = 'landed', reason = '' WHERE job = 'move' AND name = CAST('empty.csv' AS BLOB)`)
	c.finds("move", audit.Ghost)
	c = newCrime(t)
	c.without("keep", "b.csv") // its source is kept
	c.finds("keep", audit.Ghost)
	c = newCrime(t)
	c.sql(`UPDATE files SET state = 'delivered', reason = '', proof = 'verified' WHERE job = 'seal' AND name = CAST('empty.csv' AS BLOB)`)
	c.finds("seal", audit.Ghost)
	c = newCrime(t)
	c.withoutDelivery("/in/plain-move/b.csv")
	c.finds("plain-move", audit.Ghost)
}

func TestSeededStuck(t *testing.T) {
	c := newCrime(t)
	c.sql(`UPDATE runs SET ended = 0, state = 'running' WHERE id = (SELECT max(id) FROM runs WHERE job = 'keep')`)
	c.finds("keep", audit.Stuck)
	c = newCrime(t)
	c.sql(`UPDATE files SET state = 'moving', step = 'landing', reason = '' WHERE job = 'plain' AND name = CAST('empty.csv' AS BLOB)`)
	c.finds("plain", audit.Stuck)
	c = newCrime(t) // landed, and its source was never seen to
	c.sql(`UPDATE files SET step = 'landed' WHERE job = 'delete' AND name = CAST('b.csv' AS BLOB)`)
	c.finds("delete", audit.Stuck)
	c = newCrime(t)
	c.sql(`INSERT INTO slots (job, wall, utc_offset, due, zone, state) VALUES ('keep', '2020-01-01T00:00', 0, 1577836800000000, 'UTC', 'due')`)
	if report := c.audit(); report.Count(audit.Stuck) != 1 || len(report.Findings) != 1 {
		t.Errorf("%v", report.Findings)
	}
	e := c.evidence()
	e.Running = true
	if report, err := audit.Audit(e); err != nil || len(report.Findings) != 0 {
		t.Errorf("while it runs: %v, %v", report.Findings, err)
	}
}

// TestDecisionsExplain: what landed again because a person said so is no DUP, and what a person calls landed is no GHOST.
func TestDecisionsExplain(t *testing.T) {
	c := newCrime(t)
	c.edit("logs/keep.taken", func(l map[string]any) []map[string]any {
		if l["name"] == "b.csv" {
			return []map[string]any{l, l}
		}
		return []map[string]any{l}
	})
	c.decide("keep", "b.csv", "again")
	if report := c.audit(); len(report.Findings) != 0 || report.Asked != 6 {
		t.Errorf("again: %+v", report)
	}
	c = newCrime(t)
	c.without("keep", "b.csv")
	c.decide("keep", "b.csv", "landed")
	if report := c.audit(); len(report.Findings) != 0 || report.Assumed != 1 {
		t.Errorf("landed: %+v", report)
	}
}

func (c *crime) decide(job, name, verdict string) {
	c.t.Helper()
	c.sql(`INSERT INTO audit (at, who, act, object, detail, chain) SELECT 1, 'ops', 'held.resolve', 'file ' || id, ?, '' FROM files
		WHERE job = ? AND name = CAST(? AS BLOB)`, "as "+verdict+": because", job, name)
}

// TestOverwrittenVersions: a version that its customer took back excuses us only if we had neither taken it nor passed it
// by.
func TestOverwrittenVersions(t *testing.T) {
	forget := func(job string) *crime {
		c := newCrime(t)
		c.without(job, "b.csv")
		c.sql(`UPDATE files SET job = 'nobody' WHERE job = ? AND name = CAST('b.csv' AS BLOB)`, job)
		return c
	}
	removed := func(c *crime, job string, after time.Duration) {
		c.edit("logs/"+job+".sources", func(l map[string]any) []map[string]any {
			if l["name"] != "b.csv" {
				return []map[string]any{l}
			}
			at, _ := time.Parse(time.RFC3339Nano, l["at"].(string))
			return []map[string]any{l, {"name": "b.csv", "removed": true, "at": at.Add(after)}}
		})
	}
	c := forget("keep")
	removed(c, "keep", time.Microsecond)
	if report := c.audit(); len(report.Findings) != 0 || report.Overwritten != 1 {
		t.Errorf("taken back at once: %+v", report)
	}
	c = forget("keep")
	removed(c, "keep", time.Hour)
	c.finds("keep", audit.Lost) // two runs saw it
	c = forget("delete")
	removed(c, "delete", time.Microsecond)
	c.finds("delete", audit.EarlyDelete, audit.Lost) // we deleted it
}

// TestEvidenceMustBeThere: what cannot be read proves nothing.
func TestEvidenceMustBeThere(t *testing.T) {
	for _, name := range []string{"data/haulier.db", "logs/server", "logs/keep.taken", "logs/plain.sources"} {
		c := newCrime(t)
		if err := os.Remove(c.path(name)); err != nil {
			t.Fatal(err)
		}
		if report, err := audit.Audit(c.evidence()); err == nil {
			t.Errorf("without %s: %+v", name, report)
		}
	}
}

// TestProgram runs the auditor as by hand.
func TestProgram(t *testing.T) {
	c := newCrime(t)
	judge := func() (string, int) {
		text, err := json.Marshal(c.evidence())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(c.path("evidence.json"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		command := exec.Command("go", "run", "./cmd/audit", c.path("evidence.json"))
		out, _ := command.CombinedOutput()
		return string(out), command.ProcessState.ExitCode()
	}
	if out, code := judge(); code != 0 || !strings.Contains(out, "LOST 0  DUP 0  PARTIAL 0  EARLY_DELETE 0  GHOST 0  STUCK 0") {
		t.Errorf("clean: %d\n%s", code, out)
	}
	c.without("delete", "b.csv")
	if out, code := judge(); code != 1 || !strings.Contains(out, "LOST 1  DUP 0") || !strings.Contains(out, "/out/delete/b.csv") {
		t.Errorf("one is lost: %d\n%s", code, out)
	}
}
