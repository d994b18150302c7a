package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout)) }

func run(args []string, out io.Writer) int {
	flags := flag.NewFlagSet("fuzzrun", flag.ContinueOnError)
	each := flags.Duration("time", 10*time.Second, "how long each target is fuzzed")
	if flags.Parse(args) != nil {
		return 2
	}
	packages := flags.Args()
	if len(packages) == 0 {
		packages = []string{"./..."}
	}
	all, err := targets(packages)
	if err != nil {
		fmt.Fprintln(out, "fuzzrun:", err)
		return 2
	}
	fmt.Fprintf(out, "%d targets, %v each and the time to build them\n", len(all), *each)
	began := time.Now()
	var found []string
	for i, t := range all {
		fmt.Fprintf(out, "%d/%d %s %s\n", i+1, len(all), t.pkg, t.name)
		if !t.fuzz(*each, out) {
			found = append(found, t.name)
		}
	}
	fmt.Fprintf(out, "%d done in %v\n", len(all), time.Since(began).Round(time.Second))
	if len(found) > 0 {
		fmt.Fprintln(out, "found something:", strings.Join(found, " "))
		return 1
	}
	return 0
}

// target is one function that fuzzes.
type target struct{ pkg, name string }

// targets asks go for those of the packages.
func targets(packages []string) ([]target, error) {
	list := exec.Command("go", append([]string{"test", "-list", "^Fuzz"}, packages...)...)
	list.Stderr = os.Stderr
	text, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go test -list: %w", err)
	}
	all := parseList(string(text))
	if len(all) == 0 {
		return nil, fmt.Errorf("no targets in %s", strings.Join(packages, " "))
	}
	return all, nil
}

// parseList reads what go test -list writes: names, and behind them a line with their package.
func parseList(text string) []target {
	var all, ofOne []target
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 1 && strings.HasPrefix(fields[0], "Fuzz"):
			ofOne = append(ofOne, target{name: fields[0]})
		case len(fields) > 1 && fields[0] == "ok":
			for _, t := range ofOne {
				all = append(all, target{fields[1], t.name})
			}
			ofOne = nil
		}
	}
	return all
}

// fuzz says whether nothing was found.
func (t target) fuzz(each time.Duration, out io.Writer) bool {
	test := exec.Command("go", "test", "-run", "^$", "-fuzz", "^"+t.name+"$", "-fuzztime", each.String(), "-fuzzminimizetime", "1s", t.pkg)
	test.Env = inMemory(os.Environ())
	text, err := test.CombinedOutput()
	if err == nil || onlyTime(text) {
		if lines := progress.FindAll(text, -1); len(lines) > 0 {
			fmt.Fprintf(out, "%s\n", lines[len(lines)-1])
		}
		return true
	}
	_, _ = out.Write(progress.ReplaceAll(text, nil))
	return false
}

// progress is what go says every three seconds.
var progress = regexp.MustCompile(`(?m)^fuzz: elapsed.*$`)

// onlyTime says whether the end of the time was all that failed: now and then go calls that a failure, without an input.
func onlyTime(text []byte) bool {
	return bytes.Contains(text, []byte("\n    context deadline exceeded\n")) && !bytes.Contains(text, []byte("Failing input"))
}

// inMemory lets the files that targets make lie in memory, where there is room for such: to sync them costs nothing there.
func inMemory(env []string) []string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		return env
	}
	return append(env, "GOTMPDIR="+os.TempDir(), "TMPDIR="+memory)
}
