package transfer_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// TestMain holds the steps that rows took in all these tests against docs/model/transitions.txt, which the models of
// docs/model are held to as well: none may be taken that is not there, and all that are there must have been taken.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := taken.compare(whole()); code == 0 && err != nil {
			fmt.Println(err)
			code = 1
		}
		os.Exit(code)
	}))
}

// whole says whether all tests were run, at full length.
func whole() bool {
	run, skip := flag.Lookup("test.run").Value.String(), flag.Lookup("test.skip").Value.String()
	list := flag.Lookup("test.list").Value.String()
	return run == "" && skip == "" && list == "" && !testing.Short()
}

// taken are the steps that rows took.
var taken steps

type steps struct {
	mu  sync.Mutex
	set map[string]bool
}

func (s *steps) add(machine job.Type, from, to job.Step) {
	if from == to {
		return // a fact or a reason was written
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil {
		s.set = map[string]bool{}
	}
	s.set[fmt.Sprintf("%s %s %s", machine, from, to)] = true
}

func (s *steps) compare(all bool) error {
	text, err := os.ReadFile("../docs/model/transitions.txt")
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	listed := map[string]bool{}
	var wrong []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		listed[line] = true
		if all && !s.set[line] {
			wrong = append(wrong, "never taken in a test: "+line)
		}
	}
	for line := range s.set {
		if !listed[line] {
			wrong = append(wrong, "taken, and not listed: "+line)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("docs/model/transitions.txt and the steps that rows took differ:\n%s", strings.Join(wrong, "\n"))
	}
	return nil
}

// steppedLedger is the real store; it notes the steps, and the paths whose rows are looked up.
type steppedLedger struct {
	*store.Store
	known *[]string
}

func (l steppedLedger) Known(ctx context.Context, jobName string, paths []string) (map[string]job.File, error) {
	*l.known = append(*l.known, paths...)
	return l.Store.Known(ctx, jobName, paths)
}

func (l steppedLedger) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	written, err := l.Store.Advance(ctx, from, f, beside)
	if err == nil {
		for _, passed := range beside.Passed {
			taken.add(f.Type, from, passed)
			from = passed
		}
		taken.add(f.Type, from, written.Step)
	}
	return written, err
}
