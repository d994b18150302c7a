package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/haulier/haulier/job"
)

// exit says what went wrong, to people on stderr and with --json to programs on stdout too, and gives the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	code := codeOf(ctx, err)
	var own coded
	var bySignal signalled
	if err == nil || (errors.As(err, &own) && own.err == nil) || errors.As(err, &bySignal) {
		return code
	}
	a.complain(err, code)
	if a.json {
		_ = a.object(map[string]*job.Reason{"error": a.reasonOf(err, code)})
	}
	return code
}

// complain tells people of an error.
func (a *app) complain(err error, code int) {
	var own coded
	var reason *job.Reason
	switch {
	case errors.As(err, &own) && own.code == exitConfig: // each problem of the configuration was shown, with its line
	case errors.As(err, &reason):
		a.printReason(reason)
	case code == exitUsage:
		fmt.Fprintf(a.stderr, "haulier: %v\nSee %s.\n", err, a.help())
	default:
		fmt.Fprintf(a.stderr, "haulier: %v\n", err)
	}
}

// reasonOf is an error as a failure object; one that is none says little more than its text.
func (a *app) reasonOf(err error, code int) *job.Reason {
	var reason *job.Reason
	switch {
	case errors.As(err, &reason):
		return reason
	case code == exitUsage:
		return &job.Reason{Slug: "usage.command_line", What: "the command was not carried out", Cause: err.Error(), Do: a.help(), Who: job.WhoUs}
	}
	return &job.Reason{Slug: "unexpected.error", What: "the command ended before it was through", Cause: err.Error(), Do: "haulier doctor", Who: job.WhoUs}
}

// help is the command that explains the one that was called.
func (a *app) help() string { return cmp.Or(a.called, "haulier") + " --help" }

// printReason shows a failure as people read it.
func (a *app) printReason(r *job.Reason) {
	fmt.Fprint(a.stderr, reasonText(r, "", a.colored(a.stderr)))
}

// reasonText is a failure in lines, each behind indent.
func reasonText(r *job.Reason, indent string, color bool) string {
	mark := "✖"
	if color {
		mark = "\x1b[1;31m✖\x1b[0m"
	}
	text := fmt.Sprintf("%s%s %s [%s]\n", indent, mark, r.What, r.Slug)
	for _, line := range [][2]string{{"Cause", r.Cause}, {"Do", r.Do}, {"Who", string(r.Who)}, {"Technical", r.Technical}} {
		if line[1] != "" {
			text += fmt.Sprintf("%s  %-10s%s\n", indent, line[0], line[1])
		}
	}
	return text
}
