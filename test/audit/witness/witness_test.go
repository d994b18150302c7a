package witness_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/test/audit"
	"github.com/haulier/haulier/test/audit/witness"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type place struct {
	t                   *testing.T
	landing, taken, log string
}

func newPlace(t *testing.T) place {
	dir := t.TempDir()
	return place{t, filepath.Join(dir, "land"), filepath.Join(dir, "taken"), filepath.Join(dir, "log")}
}

func (p place) consume() *witness.Consumer {
	p.t.Helper()
	c, err := witness.Consume(p.landing, p.taken, p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}

func (p place) stop(c *witness.Consumer) {
	p.t.Helper()
	if err := c.Stop(); err != nil {
		p.t.Error(err)
	}
}

func (p place) logged() (all []audit.Landing) {
	p.t.Helper()
	text, err := os.ReadFile(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var l audit.Landing
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			p.t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// land makes a file in the stage and renames it into the landing.
func (p place) land(name, content string) {
	p.t.Helper()
	stage := filepath.Join(p.landing, ".haulier")
	if err := os.MkdirAll(stage, 0o700); err != nil {
		p.t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(stage, name), []byte(content), 0o600); err != nil {
		p.t.Error(err)
	}
	if err := os.Rename(filepath.Join(stage, name), filepath.Join(p.landing, name)); err != nil {
		p.t.Error(err)
	}
}

// empty waits until nothing lies in the landing: the consumer was woken.
func (p place) empty() {
	p.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		files, err := filepath.Glob(filepath.Join(p.landing, "[^.]*"))
		if err != nil || time.Now().After(deadline) {
			p.t.Fatalf("the consumer leaves %d files: %v", len(files), err)
		}
		if len(files) == 0 {
			return
		}
	}
}

func TestConsumerTakesEverythingOnce(t *testing.T) {
	p := newPlace(t)
	if err := os.MkdirAll(p.landing, 0o755); err != nil {
		t.Fatal(err)
	}
	p.land("before", "it lay there before anybody watched")
	c := p.consume()
	for i := range 300 {
		p.land(fmt.Sprintf("f%03d", i%100), fmt.Sprint("content ", i)) // names come again
		if i%100 == 99 {
			p.empty()
		}
	}
	p.stop(c)
	seen := map[string]int{}
	for _, l := range p.logged() {
		seen[l.SHA256]++
		if l.Changed || l.CTime == 0 || l.At.UnixNano() < l.CTime {
			t.Errorf("%+v", l)
		}
	}
	if len(seen) != 301 || len(p.logged()) != 301 {
		t.Errorf("%d contents in %d lines, want 301", len(seen), len(p.logged()))
	}
}

// TestConsumerSeesWhatIsNotWhole: a writer at its work in the landing itself is found out.
func TestConsumerSeesWhatIsNotWhole(t *testing.T) {
	p := newPlace(t)
	c := p.consume()
	file, err := os.Create(filepath.Join(p.landing, "slow"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p.empty() // taken with nothing in it, or with a part
	if _, err := file.WriteString("the rest"); err != nil {
		t.Fatal(err)
	}
	p.stop(c)
	if all := p.logged(); len(all) != 1 || all[0].Size != 0 && !all[0].Changed {
		t.Errorf("%+v", all)
	}
}

func TestConsumerGoesOnWhereAnotherDied(t *testing.T) {
	p := newPlace(t)
	c := p.consume()
	p.land("one", "1")
	p.empty()
	p.stop(c)
	// It took another, and died in the middle of its line.
	if err := os.WriteFile(filepath.Join(p.taken, "00000002-two-2"), []byte("2"), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.OpenFile(p.log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.WriteString(`{"name":"two`); err != nil {
		t.Fatal(err)
	}
	_ = log.Close()
	c = p.consume()
	p.land("three", "3")
	p.empty()
	p.stop(c)
	var got []string
	for _, l := range p.logged() {
		got = append(got, l.Name+" as "+l.Taken)
	}
	if want := "one as 00000001-one, two-2 as 00000002-two-2, three as 00000003-three"; strings.Join(got, ", ") != want {
		t.Errorf("%q", got)
	}
}

func TestConsumerFindsTheLandingAgain(t *testing.T) {
	p := newPlace(t)
	c := p.consume()
	p.land("one", "1")
	p.empty()
	if err := os.Rename(p.landing, p.landing+".away"); err != nil {
		t.Fatal(err)
	}
	p.land("two", "2")
	p.empty()
	if err := os.RemoveAll(p.landing); err != nil {
		t.Fatal(err)
	}
	p.land("three", "3")
	p.empty()
	p.stop(c)
	if all := p.logged(); len(all) != 3 {
		t.Errorf("%+v", all)
	}
}

func TestVersionsAreInTheLogBeforeTheyAreThere(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	c, err := witness.NewCustomer(filepath.Join(dir, "out"), filepath.Join(dir, "making"), log)
	if err != nil {
		t.Fatal(err)
	}
	// Nothing can be put under the name of a folder: it is in the log all the same.
	if err := os.Mkdir(filepath.Join(dir, "out", "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := c.Put("taken", []byte("x"), nil, time.Unix(1, 5)); err == nil {
		t.Error("it replaced a folder")
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(log)
	var v audit.Version
	if err != nil || json.Unmarshal(text, &v) != nil || v.Name != "taken" || v.Size != 1 || v.MTime != 1_000_000_005 || v.SHA256 == "" || v.At.IsZero() {
		t.Errorf("%s, %v", text, err)
	}
}
