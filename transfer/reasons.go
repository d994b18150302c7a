package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/haulier/haulier/job"
)

// Slugs that this package looks at again.
const (
	slugSizeChanged = "remote.size_changed"
	slugRestored    = "ledger.restored"
	slugWithdrawn   = "remote.withdrawn"
	slugDuplicate   = "content.duplicate"
	slugStageLost   = "local.stage_lost"
)

// asReason makes any error speak. Errors of the ports are Reasons already; what is left is this machine's. What happened to a
// file is not for it to say: an error does not know, and the row does.
func asReason(err error) *job.Reason {
	var reason *job.Reason
	switch {
	case err == nil:
		return nil
	case errors.As(err, &reason):
		return reason
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &job.Reason{
			Slug: "run.interrupted", Cause: "the run was ended before it was through",
			Do: "nothing; the next run goes on from there", Who: job.WhoUs, Err: err,
		}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &job.Reason{
			Slug: "local.no_space", Cause: "the disk here is full",
			Do: "free space on it; the next run tries again", Who: job.WhoUs, Technical: err.Error(), Err: err,
		}
	case errors.Is(err, fs.ErrPermission):
		return &job.Reason{
			Slug: "local.permission", Cause: "this program may not use a folder here",
			Do: "give its user the rights on the path below", Who: job.WhoUs, Technical: err.Error(), Err: err,
		}
	}
	return &job.Reason{
		Slug: "local.failed", Cause: "a step on this machine ended in an error",
		Do: "see the text below and `haulier doctor`; the next run tries again", Who: job.WhoUs, Technical: err.Error(), Err: err,
	}
}

// ofRun completes the reason of a run that ended for no file's sake.
func ofRun(reason *job.Reason) *job.Reason {
	if reason.What != "" {
		return reason
	}
	own := *reason
	own.What = "nothing more was begun; what was finished stays finished"
	return &own
}

// area is the part of a slug before the dot.
func area(reason *job.Reason) string {
	before, _, _ := strings.Cut(reason.Slug, ".")
	return before
}

// endsRun says whether a failure of one file makes it useless to try the others: the session is gone, the disk is
// full, or the ledger cannot be written.
func endsRun(reason *job.Reason) bool {
	switch area(reason) {
	case "net", "ssh", "auth", "host_key", "run":
		return true
	}
	return reason.Slug == "local.no_space" || reason.Slug == "ledger.failed"
}

// ledgerReason speaks for a ledger that cannot be written or read.
func ledgerReason(err error) error {
	if err == nil || errors.Is(err, job.ErrStale) || errors.Is(err, context.Canceled) {
		return err
	}
	var reason *job.Reason
	if errors.As(err, &reason) {
		return err
	}
	return &job.Reason{
		Slug: "ledger.failed", What: "what was done up to the last step is safe, and nothing more was begun",
		Cause: "the ledger could not be read or written", Do: "check the disk of data_dir with `haulier doctor`; runs go on by themselves",
		Who: job.WhoUs, Temporary: true, Technical: err.Error(), Err: err,
	}
}

// bytes writes a size as people do.
func bytes(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, suffix := float64(n)/unit, 0
	for value >= unit && suffix < 4 {
		value, suffix = value/unit, suffix+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTP"[suffix])
}
