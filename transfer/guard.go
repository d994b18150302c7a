package transfer

import (
	"fmt"
	"runtime/debug"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// guarded turns a panic of act into its error: a mistake in this program costs the file at hand one attempt, and not
// the process with all that it does for others.
func guarded(act func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &job.Reason{
				Slug: "unexpected.panic", Cause: "a mistake in Haulier ended the work on this file; others are not affected",
				Do: "report it with the text below; the next run tries again", Who: job.WhoUs, Technical: naming.Printable(fmt.Sprint(p), 300) + "\n" + string(debug.Stack()),
			}
		}
	}()
	return act()
}
