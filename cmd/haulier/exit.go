package main

import (
	"context"
	"errors"
	"strings"
	"syscall"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
)

// Exit codes. They are part of the interface: scripts depend on them, and none is ever reused.
const (
	exitOK          = 0
	exitUnexpected  = 1
	exitUsage       = 2
	exitConfig      = 3
	exitSomeFailed  = 4
	exitEmpty       = 5
	exitBusy        = 6
	exitNetwork     = 10
	exitLogin       = 11
	exitHostKey     = 12
	exitPGP         = 13
	exitContent     = 14
	exitRemote      = 15
	exitLocal       = 16
	exitExpected    = 17
	exitInterrupted = 128 // plus the signal: 130, 143
)

// exitByArea is the code of a failure by the area of its slug.
var exitByArea = map[string]int{
	"net": exitNetwork, "ssh": exitNetwork,
	"run": exitSomeFailed, "report": exitSomeFailed, "job": exitSomeFailed, "connection": exitSomeFailed, "schedule": exitSomeFailed, "scheduler": exitSomeFailed,
	"held": exitUsage, "usage": exitUsage, "onboarding": exitUsage,
	"auth": exitLogin, "key": exitLogin, "credential": exitLogin,
	"host_key": exitHostKey,
	"pgp":      exitPGP,
	"content":  exitContent,
	"remote":   exitRemote,
	"local":    exitLocal, "ledger": exitLocal,
	"config": exitConfig,
	"expect": exitExpected,
	"api":    exitUnexpected, "channel": exitUnexpected,
}

// exitBySlug is the code of failures that are not like the others of their area: a run that took too long is the
// network's, and what is in use is no fault;
// api.* are requests that this program does not make.
var exitBySlug = map[string]int{
	"run.timeout": exitNetwork, "run.not_at_work": exitUsage, control.SlugBusy: exitBusy, control.SlugLocked: exitBusy,
	control.SlugHangs: exitLocal,
}

// coded is an error with an exit code of its own. A nil err says that everything was said already.
type coded struct {
	code int
	err  error
}

func (c coded) Error() string {
	if c.err == nil {
		return ""
	}
	return c.err.Error()
}

func (c coded) Unwrap() error { return c.err }

// usage is an error of the command line.
func usage(err error) error { return coded{exitUsage, err} }

// codeOf gives the exit code of an error.
func codeOf(ctx context.Context, err error) int {
	var own coded
	var signal signalled
	var reason *job.Reason
	switch {
	case errors.As(context.Cause(ctx), &signal) && err != nil:
		return exitInterrupted + int(signal.signal)
	case err == nil:
		return exitOK
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, control.ErrLocked), errors.Is(err, scheduler.ErrRunning):
		return exitBusy
	case errors.Is(err, job.ErrNotFound), errors.Is(err, job.ErrExists):
		return exitUsage
	case errors.As(err, &reason):
		return slugCode(reason.Slug)
	case errors.Is(err, syscall.ENOSPC):
		return exitLocal
	}
	return exitUnexpected
}

func slugCode(slug string) int {
	if code, special := exitBySlug[slug]; special {
		return code
	}
	area, _, _ := strings.Cut(slug, ".")
	if code, known := exitByArea[area]; known {
		return code
	}
	return exitUnexpected
}

// exitOfRun is the code of a run: all well 0; some files well and some not, or any held, 4; none well, the code of the
// area that all failures share, else 4.
func exitOfRun(r job.Run, outcomes []job.Outcome) int {
	switch r.State {
	case job.RunSucceeded, job.RunSkipped:
		return exitOK
	}
	if r.Counts.OK > 0 || r.Counts.Held > 0 {
		return exitSomeFailed
	}
	code := -1
	for _, o := range outcomes {
		if o.File.Reason == nil || (o.File.State != job.FileFailed && o.File.State != job.FileRejected) {
			continue
		}
		next := slugCode(o.File.Reason.Slug)
		if code >= 0 && next != code {
			return exitSomeFailed
		}
		code = next
	}
	if code < 0 && r.Reason != nil {
		code = slugCode(r.Reason.Slug)
	}
	if code < 0 {
		return exitUnexpected
	}
	return code
}
