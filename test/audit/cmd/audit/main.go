// Command audit judges the evidence that a JSON file names (audit.Evidence): it prints the counts and a line for each
// finding, and ends with 1 if there is any, with 2 if the evidence cannot be read.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/haulier/haulier/test/audit"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	report, err := judge(args)
	if err == nil {
		err = report.Print(out)
	}
	switch {
	case err != nil:
		fmt.Fprintln(errs, "audit:", err)
		return 2
	case len(report.Findings) > 0:
		return 1
	}
	return 0
}

func judge(args []string) (audit.Report, error) {
	var e audit.Evidence
	if len(args) != 1 {
		return audit.Report{}, fmt.Errorf("call it with one file of evidence")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return audit.Report{}, err
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return audit.Report{}, fmt.Errorf("%s: %w", args[0], err)
	}
	return audit.Audit(e)
}
