package main

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/haulier/haulier/job"
)

// tell shows what became of a file, in a line.
func (s *demoStage) tell(ctx context.Context, event job.Progress) {
	if s.app.json {
		_ = s.app.object(event)
		return
	}
	if event.Stage != job.StageEnd {
		return
	}
	switch event.State {
	case job.FileLanded:
		s.app.printf("imported  %s%s  -> %s\n", event.Name, linesOf(event.Detail), nearby(event.Detail))
	case job.FileDelivered:
		s.app.printf("delivered %s\n", s.delivery(ctx, event))
	default:
		s.refusal(event)
	}
}

// linesOf is how many lines a landed file has, behind two blanks; nothing for one that the next has replaced already.
func linesOf(path string) string {
	n, err := countLines(path)
	if err != nil {
		return ""
	}
	return "  " + thousands(n) + " lines"
}

// thousands writes a number as people read it.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// nearby is a path as seen from here, where that is shorter.
func nearby(file string) string {
	here, err := os.Getwd()
	if err != nil {
		return file
	}
	if rest, below := strings.CutPrefix(file, here+string(filepath.Separator)); below {
		return "." + string(filepath.Separator) + rest
	}
	return file
}

// delivery says how a file came to its name, as the ledger has it.
func (s *demoStage) delivery(ctx context.Context, event job.Progress) string {
	f, err := s.store.File(context.WithoutCancel(ctx), event.File)
	if err != nil {
		return event.Name
	}
	way := string(f.Proof)
	if f.Means != "" && f.Means != job.RenameNone {
		way = fmt.Sprintf("%s -> renamed, %s", path.Ext(f.Temp), f.Proof)
	}
	return fmt.Sprintf("%s (%s)", path.Base(f.Final), way)
}

// refusal says why a file was not taken: in full, but for the one on purpose, which is explained once.
func (s *demoStage) refusal(event job.Progress) {
	line := fmt.Sprintf("✖ %s %s %s", event.Job, event.State, event.Name)
	if event.Reason != nil {
		line += ": " + event.Reason.Slug
	}
	onPurpose := event.Job == payrollJob
	if onPurpose {
		line += fmt.Sprintf("  (on purpose: %s -c %s show %d)", os.Args[0], s.config, event.Run)
	}
	s.app.printf("%s\n", line)
	if event.Reason != nil && !(onPurpose && s.explained) {
		s.explained = s.explained || onPurpose
		fmt.Fprint(s.app.stderr, reasonText(event.Reason, "    ", s.app.colored(s.app.stderr)))
	}
}

// tellRun shows a run that failed before it came to a file: what became of files was told already.
func (s *demoStage) tellRun(r job.Run) {
	switch {
	case s.app.json:
		_ = s.app.object(historyOf(r))
	case r.Reason != nil && r.Counts == job.Counts{}:
		s.app.printf("✖ %s %s: %s\n", r.Job, r.State, r.Reason.Slug)
		fmt.Fprint(s.app.stderr, reasonText(r.Reason, "    ", s.app.colored(s.app.stderr)))
	}
}
