package messages

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(program.Leave)) }

// message is what a failure must say. The lists hold parts that must be there.
type message struct {
	slug, what    string
	cause, do     []string
	who           job.Who
	technical     string             // part; empty: any
	whatBeginning bool               // what is a beginning, not the whole
	after         func(t *testing.T) // looks at what the failure left behind
}

// A situation makes a machine on which the call that args hold must fail, and says how. It is asked twice, as a failure
// may leave something behind: refused logins are not tried again.
type situation func(t *testing.T) (m *machine, args []string, want message)

// A form is a way to meet a failure.
type form struct {
	name  string
	flags []string
	read  func(*testing.T, program.Ended) job.Reason
}

var forms = []form{{"text", nil, readText}, {"json", []string{"--json"}, readJSON}}

// produce lets a situation fail in text and in JSON.
func produce(t *testing.T, code int, s situation) {
	t.Helper()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) { f.meet(t, code, s) })
	}
}

// produceConnecting is produce for a failure to connect, which a test of the connection must find as well: at that stage.
func produceConnecting(t *testing.T, code int, stage string, s situation) {
	t.Helper()
	produce(t, code, s)
	tested := func(t *testing.T) (*machine, []string, message) {
		m, _, want := s(t)
		return m, []string{"connections", "test", "acme"}, want
	}
	for _, f := range []form{{"test", nil, readStage(stage)}, {"test json", []string{"--json"}, readJSON}} {
		t.Run(f.name, func(t *testing.T) { f.meet(t, code, tested) })
	}
}

// meet makes the situation, calls the program and compares.
func (f form) meet(t *testing.T, code int, s situation) {
	t.Helper()
	m, args, want := s(t)
	ended := m.run(append(f.flags, args...)...)
	if ended.Code != code {
		t.Errorf("exit code %d, want %d", ended.Code, code)
	}
	t.Logf("stdout:\n%s\nstderr:\n%s", ended.Stdout, ended.Stderr)
	reason := f.read(t, ended)
	want.compare(t, reason)
	m.canType(t, reason.Do)
	if want.after != nil {
		want.after(t)
	}
}

var headPattern = regexp.MustCompile(`(?m)^ *✖ (.*) \[([a-z0-9_.]+)\]$`)

// readText reads a failure as a person does. It must be told once.
func readText(t *testing.T, ended program.Ended) job.Reason {
	t.Helper()
	heads := headPattern.FindAllStringSubmatchIndex(ended.Stderr, -1)
	if len(heads) != 1 {
		t.Fatalf("the failure is told %d times, want once:\nstdout:\n%s\nstderr:\n%s", len(heads), ended.Stdout, ended.Stderr)
	}
	at := heads[0]
	reason := job.Reason{What: ended.Stderr[at[2]:at[3]], Slug: ended.Stderr[at[4]:at[5]]}
	readAdvice(&reason, ended.Stderr[at[1]+1:])
	return reason
}

// readAdvice reads the lines beneath a failure.
func readAdvice(reason *job.Reason, lines string) {
	for line := range strings.Lines(lines) {
		label, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		text = strings.TrimSpace(text)
		switch label {
		case "Cause":
			reason.Cause = text
		case "Do":
			reason.Do = text
		case "Who":
			reason.Who = job.Who(text)
		case "Technical":
			reason.Technical = text
		default:
			return
		}
	}
}

var stagePattern = regexp.MustCompile(`(?m)^ FAIL (.{14}) (.*?)  \[([a-z0-9_.]+)\].*$`)

// readStage reads a test of the connection that failed at a stage.
func readStage(stage string) func(*testing.T, program.Ended) job.Reason {
	return func(t *testing.T, ended program.Ended) job.Reason {
		t.Helper()
		at := stagePattern.FindStringSubmatchIndex(ended.Stdout)
		if at == nil {
			t.Fatalf("no stage failed:\n%s", ended.Stdout)
		}
		if got := strings.TrimSpace(ended.Stdout[at[2]:at[3]]); got != stage {
			t.Errorf("it failed at %q, want %q", got, stage)
		}
		reason := job.Reason{What: ended.Stdout[at[4]:at[5]], Slug: ended.Stdout[at[6]:at[7]]}
		readAdvice(&reason, ended.Stdout[at[1]+1:])
		return reason
	}
}

// readJSON reads a failure as a program does: the error of the last line.
func readJSON(t *testing.T, ended program.Ended) job.Reason {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(ended.Stdout), "\n")
	var last struct {
		Error *job.Reason `json:"error"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Error == nil {
		t.Fatalf("the last line carries no error (%v):\nstdout:\n%s\nstderr:\n%s", err, ended.Stdout, ended.Stderr)
	}
	return *last.Error
}

var commandPattern = regexp.MustCompile("`haulier ([a-z]+)(?: ([a-z]+))?")

// canType checks that the commands of an advice exist.
func (m *machine) canType(t *testing.T, do string) {
	t.Helper()
	for _, words := range commandPattern.FindAllStringSubmatch(do, -1) {
		help := m.run(words[1], words[2], "--help")
		whole := strings.Contains(help.Stdout, "  haulier "+words[1]+" "+words[2]+" ")
		alone := strings.Contains(help.Stdout, "  haulier "+words[1]) && !strings.Contains(help.Stdout, "Available Commands:")
		if help.Code != 0 || !whole && !alone {
			t.Errorf("there is no such command: %s", words[0])
		}
	}
}

func (m message) compare(t *testing.T, got job.Reason) {
	t.Helper()
	if got.Slug != m.slug {
		t.Errorf("slug %q, want %q", got.Slug, m.slug)
	}
	if got.What != m.what && !(m.whatBeginning && strings.HasPrefix(got.What, m.what)) {
		t.Errorf("what: %q, want %q", got.What, m.what)
	}
	holds(t, "cause", got.Cause, m.cause)
	holds(t, "do", got.Do, m.do)
	holds(t, "technical", got.Technical, []string{m.technical})
	if got.Who != m.who {
		t.Errorf("who: %q, want %q", got.Who, m.who)
	}
	toned(t, got)
}

func holds(t *testing.T, label, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q: %q", label, part, text)
		}
	}
}

// toned holds a failure to the tone that all of them share.
func toned(t *testing.T, r job.Reason) {
	t.Helper()
	all := strings.ToLower(r.What + "\n" + r.Cause + "\n" + r.Do)
	for _, word := range []string{"invalid", "failed to", "unknown error", "%!", "<nil>"} {
		if strings.Contains(all, word) {
			t.Errorf("it says %q: %s", word, all)
		}
	}
	if r.What == "" || r.Cause == "" || r.Do == "" || r.Who == "" {
		t.Errorf("a part is missing: %+v", r)
	}
	if n := strings.Count(r.Do, "`haulier "); n > 1 {
		t.Errorf("%d commands to type, want at most one: %s", n, r.Do)
	}
}
