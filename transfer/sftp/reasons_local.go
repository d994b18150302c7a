package sftp

import (
	"context"
	"errors"
	"fmt"

	"github.com/haulier/haulier/job"
)

// storeReason speaks for a store that can't be read or written. What the store says already for people stays.
func storeReason(act string, err error) *job.Reason {
	var r *job.Reason
	if errors.As(err, &r) {
		return r
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return ended(untouched, err)
	}
	return &job.Reason{
		Slug: "ledger.failed", What: untouched, Cause: "the store could not " + act,
		Do: "check the disk of data_dir with `haulier doctor`; runs go on by themselves", Who: job.WhoUs, Temporary: true,
		Technical: technical(err), Err: err,
	}
}

// secretReason speaks for a secret that is not where the configuration says.
func secretReason(what string, err error) error {
	var r *job.Reason
	if errors.As(err, &r) {
		return err
	}
	return &job.Reason{
		Slug: "auth.secret_missing", What: "nothing was sent to the server, not even the login",
		Cause: what + " is not where the configuration says",
		Do:    "put it there, or store it with `haulier secrets set NAME`", Who: job.WhoUs, Technical: technical(err), Err: err,
	}
}

func keyMissing(cause, do string) error {
	return &job.Reason{
		Slug: "key.missing", What: "nothing was sent to the server, not even the login", Cause: cause,
		Do: "`" + do + "`, then send its public half to the customer", Who: job.WhoUs, Err: job.ErrNotFound,
	}
}

func badPin(address, text string, err error) error {
	return &job.Reason{
		Slug: "host_key.unreadable", What: "nothing was sent, not even the login",
		Cause: fmt.Sprintf("a pinned host key of %s can't be read: %q: %v", address, printable(text), err),
		Do:    "write it as TYPE BASE64 or TYPE SHA256:…", Who: job.WhoUs, Err: err,
	}
}

// waitReason speaks for a wait for a free connection that was given up.
func waitReason(e job.Endpoint, err error) *job.Reason {
	r := *ended(untouched, err)
	r.Cause = fmt.Sprintf("the run was ended while it waited for a free connection of %s", who(e))
	return &r
}

func draftReason(c job.Connection) *job.Reason {
	return &job.Reason{
		Slug: "connection.draft", What: "nothing was moved", Cause: fmt.Sprintf("connection %s has not logged in with success yet", c.Name),
		Do: "haulier connections test " + c.Name, Who: job.WhoUs,
	}
}

// openReason is the refusal that opened a breaker, with what is being done about it.
func openReason(b job.Breaker) *job.Reason {
	if b.Reason == nil {
		return &job.Reason{Slug: "auth.refused", What: untouched, Cause: "the last login was refused", Do: "`haulier connections test NAME`", Who: job.WhoBoth}
	}
	r := *b.Reason
	r.What = "nothing was moved, and no login was tried: the last one was refused"
	r.Cause = fmt.Sprintf("%s (since %s; one login is let through at %s, or when credentials or configuration change)",
		b.Reason.Cause, b.Since.UTC().Format("2006-01-02 15:04 MST"), b.Until.UTC().Format("2006-01-02 15:04 MST"))
	return &r
}
