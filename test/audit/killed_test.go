package audit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestKilledNightHasNoFindings kills runs at random moments, while customers replace what they put out, and lets each job
// run once more at the end: the auditor must accuse nobody of what recovery made good.
func TestKilledNightHasNoFindings(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	c := &crime{t, t.TempDir()}
	n := newNight(c.dir)
	if err := n.open(); err != nil {
		t.Fatal(err, n.close())
	}
	// Servers tell whole seconds: what has the size of the version before it, in the same second, nobody can tell from it.
	versions := 0
	sized := func(text string) string {
		versions++
		return text + strings.Repeat(".", versions)
	}
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		for job := range n.customers {
			for i := range 6 {
				name := fmt.Sprintf("f%d.csv", random.IntN(4)+i) // some names come again before anybody looks
				if err := n.put(job, name, sized(fmt.Sprintf("%s, round %d, version %d", job, round, i))); err != nil {
					t.Fatal(err)
				}
			}
		}
		for job := range n.customers {
			n.killed(t, job, time.Duration(random.IntN(400))*time.Millisecond, func() error {
				return n.put(job, "f4.csv", sized(fmt.Sprintf("%s, round %d, put while a run was at work", job, round)))
			})
		}
	}
	for range 2 { // what a run that died left, and what that finds
		if err := n.runAll(); err != nil {
			t.Error(err)
		}
	}
	if err := n.openSealed(); err != nil {
		t.Error(err)
	}
	if err := n.close(); err != nil {
		t.Error(err)
	}
	c.finds("")
	report := c.audit()
	t.Logf("%d versions: %d arrived, %d pending, %d unseen, %d overwritten", report.Versions, report.Arrived, report.Pending, report.Unseen, report.Overwritten)
}

// killed lets a job run, does something meanwhile, and kills the run.
func (n *night) killed(t *testing.T, job string, after time.Duration, meanwhile func() error) {
	t.Helper()
	run, err := n.machine.Start(ctx(), n.path("logs/killed"), "run", job)
	if err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = run.Process.Kill() })
	defer timer.Stop()
	if err := meanwhile(); err != nil {
		t.Error(err)
	}
	_ = run.Wait()
}
