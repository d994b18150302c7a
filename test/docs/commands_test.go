package docs

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { program.Leave(m.Run()) }

// mention is a command as documents write it: in a code span or at the begin of a line of a block.
var mention = regexp.MustCompile("(?m)(?:`|^\\s*(?:\\$ |\\./)?)haulier (?:-c \\S+ )?([a-z]+)(?: ([a-z]+))?")

// TestCommandsInDocumentsExist asks the program for the help of every command that a document names.
func TestCommandsInDocumentsExist(t *testing.T) {
	haulier := program.Built(t)
	known := map[string]string{}
	help := func(words ...string) string {
		name := strings.Join(words, " ")
		if _, asked := known[name]; !asked {
			out, err := exec.Command(haulier, append(words, "--help")...).CombinedOutput()
			known[name] = string(out)
			if err != nil {
				known[name] = err.Error()
			}
		}
		return known[name]
	}
	checked := 0
	for _, page := range documents(t) {
		content, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range mention.FindAllStringSubmatch(string(content), -1) {
			checked++
			if !slices.Contains(commands(help()), words[1]) {
				t.Errorf("%s: there is no command %q", page, "haulier "+words[1])
				continue
			}
			group := commands(help(words[1]))
			if len(group) > 0 && words[2] != "" && !slices.Contains(group, words[2]) {
				t.Errorf("%s: there is no command %q", page, "haulier "+words[1]+" "+words[2])
			}
		}
	}
	if checked < 20 {
		t.Errorf("found only %d commands in the documents", checked)
	}
}

// commands reads the names of commands from a help text: indented lines of NAME, blanks, sentence below a heading that
// ends in "ommands:".
func commands(help string) []string {
	var names []string
	in := false
	for line := range strings.Lines(help) {
		switch {
		case strings.HasSuffix(strings.TrimSpace(line), "ommands:"):
			in = true
		case strings.TrimSpace(line) == "":
			in = false
		case in:
			names = append(names, strings.Fields(line)[0])
		}
	}
	return names
}
