package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
)

// daemon speaks to a running `haulier serve` over its socket.
type daemon struct {
	http http.Client
}

// daemonAt gives the daemon behind a socket; nil when nobody listens there.
func daemonAt(ctx context.Context, socket string) *daemon {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		short, done, err := socketPath(socket)
		if err != nil {
			return nil, err
		}
		defer done()
		var d net.Dialer
		return d.DialContext(ctx, "unix", short)
	}
	probe, err := dial(ctx, "", "")
	if err != nil {
		return nil
	}
	_ = probe.Close()
	return &daemon{http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// daemon gives the daemon of a data folder; nil when none runs. It says when that one was started with another
// configuration.
func (a *app) daemon(ctx context.Context, cfg *config.Config) *daemon {
	socket := a.server
	if socket == "" {
		socket = inData(cfg, socketFile)
	}
	d := daemonAt(ctx, socket)
	if d == nil {
		return nil
	}
	var overview job.Overview
	if err := d.get(ctx, "/api/v1/overview", &overview); err == nil && !samePath(overview.Config, cfg.Path) {
		a.say("note: the daemon works with %s, and that one counts; -c names %s\n", overview.Config, cfg.Path)
	}
	return d
}

func samePath(a, b string) bool {
	left, errLeft := filepath.Abs(a)
	right, errRight := filepath.Abs(b)
	return errLeft == nil && errRight == nil && left == right
}

func (d *daemon) get(ctx context.Context, path string, into any) error {
	return d.call(ctx, http.MethodGet, path, nil, into)
}

func (d *daemon) post(ctx context.Context, path string, body web.Asked, into any) error {
	return d.call(ctx, http.MethodPost, path, &body, into)
}

func (d *daemon) call(ctx context.Context, method, path string, body *web.Asked, into any) error {
	answer, err := d.open(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	return json.NewDecoder(answer).Decode(into)
}

// open sends a request and gives the body of a good answer; a bad one becomes the failure that it carries.
func (d *daemon) open(ctx context.Context, method, path string, body *web.Asked) (io.ReadCloser, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://haulier"+path, sent)
	if err != nil {
		return nil, err
	}
	response, err := d.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the daemon: %w", err)
	}
	if response.StatusCode < 300 {
		return response.Body, nil
	}
	defer response.Body.Close()
	var problem web.Problem
	if err := json.NewDecoder(response.Body).Decode(&problem); err != nil {
		return nil, fmt.Errorf("the daemon answered %s", response.Status)
	}
	reason := problem.Reason
	if problem.Status == http.StatusNotFound {
		reason.Err = job.ErrNotFound
	}
	return nil, &reason
}

// follow shows a run of the daemon until it has ended.
func (d *daemon) follow(ctx context.Context, id int64, show func(job.Progress)) error {
	answer, err := d.open(ctx, http.MethodGet, fmt.Sprintf("/api/v1/runs/%d/events", id), nil)
	if err != nil {
		return err
	}
	defer answer.Close()
	lines := json.NewDecoder(answer)
	for {
		var sign web.Sign
		if err := lines.Decode(&sign); err != nil {
			return fmt.Errorf("the daemon went away in the middle of run %d: %w", id, err)
		}
		switch {
		case sign.Progress != nil:
			show(*sign.Progress)
		case sign.Problem != nil:
			return &sign.Problem.Reason
		default:
			return nil
		}
	}
}

// leaveFor is how long a daemon that went away, or was told to cancel, may take to write down how its runs ended.
const leaveFor = 15 * time.Second

// endThere tells how a run of the daemon ended, once that is written down; else it gives why.
func (a *app) endThere(ctx context.Context, cfg *config.Config, id int64, shown *progress, why error) (endedRun, error) {
	s, err := a.readStore(ctx, cfg)
	if err != nil {
		return endedRun{}, errors.Join(why, err)
	}
	for began := time.Now(); time.Since(began) < leaveFor && ctx.Err() == nil; time.Sleep(lookAgain / 10) {
		gone := !control.Locked(cfg.DataDir) // whoever did the run will write nothing more
		if run, err := s.Run(ctx, id); err == nil && !run.Ended.IsZero() {
			return endOf(ctx, s, id, shown)
		}
		if gone {
			break
		}
	}
	return endedRun{}, why
}

// runThere lets the daemon run a job, or a run again, and shows it as if it ran here. A signal cancels the run.
func (a *app) runThere(ctx context.Context, cfg *config.Config, d *daemon, path string, asked web.Asked) (endedRun, error) {
	unhurried := context.WithoutCancel(ctx)
	var begun web.Run
	if err := d.post(unhurried, path, asked, &begun); err != nil { // whatever was begun is known by its number
		return endedRun{}, err
	}
	shown := newProgress(a)
	why := d.follow(ctx, begun.ID, shown.show)
	if why != nil && ctx.Err() != nil {
		if err := d.cancel(unhurried, begun.ID); err != nil && !errors.Is(err, job.ErrNotFound) { // not found: it has just ended
			return endedRun{}, err
		}
		why = fmt.Errorf("run %d is being cancelled and has not ended yet: haulier show %d", begun.ID, begun.ID)
	}
	return a.endThere(unhurried, cfg, begun.ID, shown, why)
}

func (d *daemon) cancel(ctx context.Context, id int64) error {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	var cancelled any
	return d.post(ctx, fmt.Sprintf("/api/v1/runs/%d/cancel", id), web.Asked{By: user()}, &cancelled)
}
