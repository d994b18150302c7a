package transfer_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// crashExport is one kind of export whose run is hit at every moment.
type crashExport struct {
	name   string
	file   string // empty: a.csv
	knobs  sftptest.Knobs
	learn  job.Profile
	change func(*bundle, *job.Export)
	there  string // what lies under the final name before
	sealed bool
	people bool     // a person looks at each file
	mayBe  []string // slugs of holds that are right here
	twice  bool     // the customer may get a version twice: the job says so
	guards bool     // an empty file may stay under a name of ours
}

var (
	replacing   = func(_ *bundle, ex *job.Export) { ex.IfExists = job.ExistsReplace }
	cannotKnow  = []string{"remote.indeterminate"}
	sweptOrLost = []string{"remote.indeterminate", "remote.vanished"}
	isSo        = true
)

var crashExports = []crashExport{
	{name: "keep"},
	{name: "move under a long name", file: longest, change: func(b *bundle, ex *job.Export) {
		ex.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: filepath.Join(b.stage, "sent")}
	}},
	{name: "delete and PGP", sealed: true, change: func(_ *bundle, ex *job.Export) { ex.AfterSuccess.Action = job.RetireDelete }},
	{name: "put-only", knobs: sftptest.Knobs{PutOnly: true}, mayBe: cannotKnow, change: func(b *bundle, _ *job.Export) { b.conn.Profile = "put-only" }},
	{name: "put-only, resend", knobs: sftptest.Knobs{PutOnly: true}, twice: true, change: func(b *bundle, ex *job.Export) {
		b.conn.Profile, ex.OnLostReply = "put-only", job.LostResend
	}},
	{name: "in place", mayBe: cannotKnow, change: func(_ *bundle, ex *job.Export) { ex.InPlace = true }},
	{name: "in place over an older one", there: "an older delivery", mayBe: cannotKnow, change: func(_ *bundle, ex *job.Export) {
		ex.InPlace, ex.IfExists = true, job.ExistsReplace
	}},
	{name: "replace by posix-rename", there: "older", change: replacing},
	{name: "replace on a server that overwrites", there: "older", knobs: sftptest.Knobs{NoPosixRename: true, RenameOverwrites: true}, change: replacing},
	{name: "replace by two renames", there: "older", knobs: sftptest.Knobs{NoPosixRename: true}, guards: true, change: replacing},
	{name: "nobody may look", knobs: sftptest.Knobs{NoStat: true}, mayBe: cannotKnow},
	{name: "swept", knobs: sftptest.Knobs{Sweep: sftptest.SweepAtRename}, learn: job.Profile{SweepsAtOnce: &isSo}, mayBe: cannotKnow},
	{name: "swept in place", knobs: sftptest.Knobs{Sweep: sftptest.SweepAtClose}, mayBe: sweptOrLost, change: func(_ *bundle, ex *job.Export) { ex.InPlace = true }},
	{name: "supervised", people: true},
	{name: "supervised, PGP and delete", people: true, sealed: true, change: func(_ *bundle, ex *job.Export) { ex.AfterSuccess.Action = job.RetireDelete }},
	{name: "supervised, in place", people: true, mayBe: cannotKnow, change: func(_ *bundle, ex *job.Export) { ex.InPlace = true }},
	{name: "marker and delete", change: func(_ *bundle, ex *job.Export) { ex.Marker, ex.AfterSuccess.Action = "{name}.done", job.RetireDelete }},
}

// sent is one case at work: what the platform wrote, and what the customer was given under the final name.
type sent struct {
	*bundle
	kind     crashExport
	written  []string
	over     map[string]bool
	whole    []string // uploads that were whole
	accepted []string
	key      pgp.Private
}

func TestExportSurvivesEveryCrash(t *testing.T) {
	key := keyPair(t, "theirs")
	t.Cleanup(transfer.Hasten())
	for i, kind := range crashExports {
		for j, way := range crashes {
			t.Run(kind.name+"/"+way.name, func(t *testing.T) {
				t.Parallel()
				for n := firstHit(i, j); ; n += everyHit() {
					s := newSent(t, kind, key)
					g := &guard{blow: way.blow, at: n, after: way.after, late: way.late, watch: s.saw}
					if way.overwrite {
						g.event = func() { s.write("the second version, which is longer") }
					}
					s.night(g, kind.people)
					if g.hit == "" {
						return
					}
					if way.blow == refuse && g.hit == "close of put /in/"+s.file() {
						s.accepted = nil // what the server refused at CLOSE, it has not taken
					}
					if way.again {
						s.night(&guard{blow: way.blow, at: n, after: way.after, watch: s.saw}, kind.people)
					}
					s.recover(g)
					if s.check(); t.Failed() {
						t.Fatalf("the run was hit at action %d: %s", n, g.hit)
					}
				}
			})
		}
	}
}

func newSent(t *testing.T, kind crashExport, key pgp.Private) *sent {
	t.Helper()
	b := setup(t, kind.knobs)
	b.exporting(func(ex *job.Export) {
		if kind.change != nil {
			kind.change(b, ex)
		}
	})
	if kind.learn.SweepsAtOnce != nil {
		if err := b.store.SaveProfile(t.Context(), "acme", kind.learn); err != nil {
			t.Fatal(err)
		}
	}
	b.spec.Supervised = supervision(kind.people)
	s := &sent{bundle: b, kind: kind, over: map[string]bool{}, key: key}
	if kind.sealed {
		b.spec.Export.Sealing = &job.Sealing{EncryptTo: []string{"theirs"}}
		b.sealer = func(context.Context, job.Sealing) (transfer.Sealer, error) {
			return &pgp.Sealer{To: []job.Key{key.Key}}, nil
		}
	}
	put(t, b.remote("in", "a.csv.999-1.part"), "somebody else's")
	put(t, b.remote("in", "b.csv.part"), "somebody else's")
	if kind.there != "" {
		put(t, b.remote("in", s.file()), kind.there, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	}
	s.write("first")
	return s
}

// file is the name in the outbox and at the customer's.
func (s *sent) file() string { return cmp.Or(s.kind.file, "a.csv") }

// write puts a version into the outbox, whole at once.
func (s *sent) write(text string) {
	path := filepath.Join(s.outbox, s.file())
	if now, err := os.ReadFile(path); err == nil {
		s.over[string(now)] = true
	}
	if len(s.written) > 0 {
		s.spec.Export.IfExists = job.ExistsReplace // both versions have one final name
	}
	aside := filepath.Join(s.stage, "upload")
	put(s.t, aside, text)
	if err := os.Rename(aside, path); err != nil {
		s.t.Error(err)
	}
	s.written = append(s.written, text)
}

// saw looks at the server after every request that took effect.
func (s *sent) saw(act string) {
	final := s.remote("in", s.file())
	if s.server.Taken() != "" && s.kind.knobs.Sweep != sftptest.SweepNever {
		final = filepath.Join(s.server.Taken(), s.file())
	}
	switch {
	case strings.HasPrefix(act, "put ") && strings.HasSuffix(act, ".part"):
		temp := s.remote(strings.TrimPrefix(act, "put /"))
		if text, err := os.ReadFile(temp); err == nil {
			s.whole = append(s.whole, string(text))
		}
	case act == "put /in/"+s.file(), strings.HasPrefix(act, "rename ") && strings.HasSuffix(act, " to /in/"+s.file()):
		if text, err := os.ReadFile(final); err == nil {
			s.whole, s.accepted = append(s.whole, string(text)), append(s.accepted, string(text))
		} else if text := contents(s.t, s.server.Taken()); len(text) > 0 {
			s.whole, s.accepted = append(s.whole, text[len(text)-1]), append(s.accepted, text[len(text)-1])
		} else {
			s.t.Errorf("%s, and nothing is there", act)
		}
	}
	s.neverPartial()
}

// neverPartial: under the final name lies what was there before, or a whole upload.
func (s *sent) neverPartial() {
	if s.spec.Export.InPlace || s.conn.Profile == "put-only" {
		return
	}
	text, err := os.ReadFile(s.remote("in", s.file()))
	if err == nil && string(text) != s.kind.there && !slices.Contains(s.whole, string(text)) {
		s.t.Errorf("the final name shows %q", text)
	}
}

func (s *sent) recover(g *guard) {
	for i := range 3 {
		next := &guard{watch: s.saw}
		if i == 0 && g.owed != nil {
			next.blow, next.at, next.after = happen, 2, true
			next.event = func() { _ = g.owed() }
		}
		s.night(next, s.kind.people)
	}
}

func (s *sent) open(content string) string {
	if !s.kind.sealed {
		return content
	}
	var plain bytes.Buffer
	if _, err := (&pgp.Opener{Keys: []pgp.Private{s.key}}).Open(s.t.Context(), &plain, strings.NewReader(content)); err != nil {
		s.t.Errorf("open what the customer got: %v", err)
	}
	return plain.String()
}

// check is the auditor: it believes the disks, not the program.
func (s *sent) check() {
	t := s.t
	t.Helper()
	held := 0
	for _, f := range s.rows() {
		if f.State == job.FileHeld {
			held++
			if !slices.Contains(s.kind.mayBe, f.Reason.Slug) {
				t.Errorf("held: %v", f.Reason)
			}
		}
	}
	count, last := map[string]int{}, ""
	for _, content := range s.accepted {
		last = s.open(content)
		count[last]++
	}
	for i, version := range s.written {
		newest := i == len(s.written)-1
		switch n := count[version]; {
		case n > 1 && !s.kind.twice:
			t.Errorf("version %q was accepted %d times", version, n)
		case n == 0 && (newest || !s.over[version]) && held == 0:
			t.Errorf("version %q was not accepted, and nothing is held", version)
		}
		delete(count, version)
	}
	if len(count) > 0 {
		t.Errorf("the customer was given what nobody wrote: %v", count)
	}
	if newest := s.written[len(s.written)-1]; held == 0 && last != newest {
		t.Errorf("the customer was given %q last, want %q", last, newest)
	}
	s.checkRows(held)
	s.checkServer(held)
	s.checkOutbox(held)
}

func (s *sent) checkRows(held int) {
	t := s.t
	t.Helper()
	delivered := 0
	for _, f := range s.rows() {
		switch f.State {
		case job.FileDelivered:
			delivered++
			if f.Step != job.StepDone || f.Receipt == nil || f.Proof == "" {
				t.Errorf("row %d is delivered and stands at %s: %v, receipt %v", f.ID, f.Step, f.Reason, f.Receipt)
			}
			if got := s.open(s.lastOf(f.Received.SHA256)); digestOf(got) != f.Plain.SHA256 {
				t.Errorf("row %d says that %s was sent, which the customer never got", f.ID, f.Received.SHA256)
			}
		case job.FileHeld, job.FileSkipped:
		default:
			t.Errorf("row %d is %s at %s: %v", f.ID, f.State, f.Step, f.Reason)
		}
	}
	if n := s.events("file.delivered"); n != delivered {
		t.Errorf("%d rows are delivered, and %d events tell of it", delivered, n)
	}
	if held > 0 {
		return
	}
	entries, err := os.ReadDir(s.stage)
	if err != nil {
		t.Error(err)
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), "epoch.") && !entry.IsDir() && !s.ended() {
			t.Errorf("the stage still holds %s", entry.Name())
		}
	}
}

// ended says that the last step was written and the process died behind it: what is left is swept a day later.
func (s *sent) ended() bool {
	old := time.Now().Add(-48 * time.Hour)
	entries, _ := os.ReadDir(s.stage)
	for _, entry := range entries {
		_ = os.Chtimes(filepath.Join(s.stage, entry.Name()), old, old)
	}
	s.doGuarded(&guard{watch: s.saw})
	entries, _ = os.ReadDir(s.stage)
	return !slices.ContainsFunc(entries, func(e os.DirEntry) bool { return !e.IsDir() && !strings.HasPrefix(e.Name(), "epoch.") })
}

// lastOf gives what the customer got with this hash.
func (s *sent) lastOf(hash string) string {
	for _, content := range s.accepted {
		if digestOf(content) == hash {
			return content
		}
	}
	s.t.Errorf("nothing with hash %s was accepted", hash)
	return ""
}

// checkServer: foreign files are as they were, and of ours only the final one is left.
func (s *sent) checkServer(held int) {
	entries, err := os.ReadDir(s.remote("in"))
	if err != nil {
		s.t.Fatal(err)
	}
	foreign := 0
	for _, entry := range entries {
		text, err := os.ReadFile(s.remote("in", entry.Name()))
		if err != nil {
			s.t.Error(err)
		}
		switch {
		case string(text) == "somebody else's":
			foreign++
		case s.kind.guards && strings.HasPrefix(entry.Name(), ".haulier-") && len(text) == 0:
		case entry.Name() == s.file(), held > 0, s.spec.Export.Marker != "" && entry.Name() == s.file()+".done":
		default:
			s.t.Errorf("%s is left on the server", entry.Name())
		}
	}
	if foreign != 2 {
		s.t.Errorf("%d of 2 foreign files are left", foreign)
	}
}

// checkOutbox: each source came to the end that the job says.
func (s *sent) checkOutbox(held int) {
	if held > 0 {
		return
	}
	left, newest := contents(s.t, s.outbox), s.written[len(s.written)-1]
	switch s.spec.Export.AfterSuccess.Action {
	case job.RetireKeep:
		if fmt.Sprint(left) != fmt.Sprint([]string{newest}) {
			s.t.Errorf("the outbox holds %q, want %q", left, newest)
		}
	case job.RetireMove:
		moved := contents(s.t, s.spec.Export.AfterSuccess.Dir)
		if len(left) > 0 || !slices.Contains(moved, newest) {
			s.t.Errorf("the outbox holds %q, and %q were moved", left, moved)
		}
	case job.RetireDelete:
		if len(left) > 0 {
			s.t.Errorf("the outbox still holds %q", left)
		}
	}
}
