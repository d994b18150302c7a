package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are the arguments of a call.
type options struct {
	json    string   // file that gets the events; empty: none
	mustRun string   // file with the tests that must run; empty: none
	test    []string // arguments of go test
}

func run(args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		return 2
	}
	rules, err := readRules(o.mustRun)
	if err != nil {
		fmt.Fprintln(stderr, "testrun:", err)
		return 2
	}
	r := newReport(stdout)
	passed, err := goTest(o, r, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "testrun:", err)
		return 1
	}
	broken := rules.judge(r)
	r.summary(broken)
	if !passed || len(broken) > 0 {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("testrun", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.json, "json", "", "keep the events of the run in `FILE`")
	flags.StringVar(&o.mustRun, "must-run", "", "fail unless the tests that `FILE` names ran and passed")
	err := flags.Parse(args)
	o.test = flags.Args()
	if len(o.test) == 0 {
		o.test = []string{"./..."}
	}
	return o, err
}

// goTest runs go test and feeds its events to the report. It says whether go test was content.
func goTest(o options, r *report, stderr io.Writer) (passed bool, err error) {
	keep := io.Discard
	if o.json != "" {
		file, err := os.Create(o.json)
		if err != nil {
			return false, fmt.Errorf("keep the events: %w", err)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		keep = file
	}
	cmd := exec.Command("go", append([]string{"test", "-json"}, o.test...)...)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, fmt.Errorf("listen to go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start go test: %w", err)
	}
	readErr := r.read(io.TeeReader(out, keep))
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return false, readErr
	}
	return err == nil, errors.Join(readErr, err)
}
