package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// formMost bounds what a form may send, in bytes.
const formMost = 64 << 10

// perform does an act and leads back to where it was asked for, with a word on what became of it.
func (p *pages) perform(a act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, formMost)
		if err := r.ParseForm(); err != nil {
			p.refuse(w, r, badRequest{errors.New("the form cannot be read: it is larger than 64 KiB, or was cut off on its way")})
			return
		}
		done, err := a.do(r)
		if err != nil {
			_, done.Reason = p.reasonOf(r, err)
		}
		p.leaveFlash(w, r, done)
		http.Redirect(w, r, backOf(r), http.StatusSeeOther)
	}
}

// unhurried goes on when who asked has left: what was begun is written down.
func unhurried(r *http.Request) context.Context { return context.WithoutCancel(r.Context()) }

func by(r *http.Request) string { return route.Of(r.Context()).Name }

func runLink(id int64) string { return fmt.Sprintf("/runs/%d", id) }

func (p *pages) runNow(r *http.Request) (flash, error) {
	name := r.PathValue("name")
	run, err := p.Doer.RunJob(unhurried(r), name, job.Run{By: by(r), Only: r.PostFormValue("file")})
	return flash{Done: fmt.Sprintf("Run %d of %s has begun.", run.ID, name), Link: runLink(run.ID), Label: "Look at it"}, err
}

func (p *pages) retry(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	asked := job.Run{By: by(r), AsRun: r.PostFormValue("config") == "as-run"}
	if asked.Only, err = p.only(r); err != nil {
		return flash{}, err
	}
	run, err := p.Doer.RetryRun(unhurried(r), id, asked)
	return flash{Done: fmt.Sprintf("Run %d of %s has begun; it does run %d again.", run.ID, run.Job, id), Link: runLink(run.ID), Label: "Look at it"}, err
}

// only is the name of the one file that a retry is about; empty: all.
func (p *pages) only(r *http.Request) (string, error) {
	var id int64
	if _, err := fmt.Sscan(r.PostFormValue("only"), &id); err != nil {
		return "", nil //nolint:nilerr // no number: all files
	}
	run, err := idOf(r)
	if err != nil {
		return "", err
	}
	outcomes, err := p.Ledger.Outcomes(r.Context(), run, id-1)
	if err == nil && (len(outcomes) == 0 || outcomes[0].File.ID != id) {
		err = job.ErrNotFound
	}
	if err != nil {
		return "", err
	}
	return base(outcomes[0].File.Path), nil
}

func (p *pages) cancel(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	err = p.Doer.CancelRun(unhurried(r), id, by(r))
	return flash{Done: fmt.Sprintf("Run %d is being cancelled.", id)}, err
}

// reasonMost bounds why something is paused, in bytes.
const reasonMost = 500

func (p *pages) pauseOf(kind string) func(*http.Request) (flash, error) {
	return func(r *http.Request) (flash, error) {
		why, err := whyOf(r, "a pause")
		if err != nil {
			return flash{}, err
		}
		pause := job.Pause{Kind: kind, Name: r.PathValue("name"), Reason: why, By: by(r), Since: p.Clock()}
		if span, known := spans[r.PostFormValue("for")]; known {
			pause.Until = pause.Since.Add(span)
		}
		return flash{Done: fmt.Sprintf("%s %s is paused: %s", kind, pause.Name, why)}, p.Doer.Pause(unhurried(r), pause)
	}
}

// whyOf is the reason that a form has to give.
func whyOf(r *http.Request, what string) (string, error) {
	why := strings.TrimSpace(r.PostFormValue("reason"))
	if why == "" || len(why) > reasonMost || !utf8.ValidString(why) {
		return "", badRequest{fmt.Errorf("%s needs a reason, of %d bytes at most: whoever comes after wants to know why", what, reasonMost)}
	}
	return why, nil
}

// spans are how long something may be paused or silenced by a form.
var spans = map[string]time.Duration{"1h": time.Hour, "4h": 4 * time.Hour, "12h": 12 * time.Hour, "1d": 24 * time.Hour, "7d": 7 * 24 * time.Hour}

func (p *pages) resumeOf(kind string) func(*http.Request) (flash, error) {
	return func(r *http.Request) (flash, error) {
		name := r.PathValue("name")
		return flash{Done: fmt.Sprintf("%s %s may start again.", kind, name)}, p.Doer.Resume(unhurried(r), kind, name, by(r))
	}
}

func (p *pages) test(r *http.Request) (flash, error) {
	name := r.PathValue("name")
	report, err := p.Helper.Test(unhurried(r), name, by(r))
	if err != nil {
		return flash{}, err
	}
	report.At = p.Clock()
	p.reports.keep(name, report)
	if !report.OK {
		return flash{Reason: report.Reason, Link: "/connections/" + name + "#test", Label: "Step by step"}, nil
	}
	return flash{Done: fmt.Sprintf("Connection %s works.", name), Link: "/connections/" + name + "#test", Label: "Step by step"}, nil
}
