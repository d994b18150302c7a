package main

import (
	"context"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/page"
)

// heldOfJob are the files of a job that wait for a person's decision, or only for a look.
type heldOfJob struct {
	doubts   int
	unseen   int
	causes   map[string]int64 // slugs of the doubts, each with the last run that held a file for it
	waits    []job.File       // the first of the unseen, the oldest first
	approved job.Approvals
}

// waitsMost is how many files of a job that wait for a look are shown.
const waitsMost = 100

// count adds the files that are held for one cause.
func (h *heldOfJob) count(c store.HeldCount) {
	if c.Slug == job.SlugSupervised {
		h.unseen += c.Files
		return
	}
	h.doubts += c.Files
	if h.causes == nil {
		h.causes = map[string]int64{}
	}
	if c.Slug != "" {
		h.causes[c.Slug] = c.Run
	}
}

// stopped tells of each cause where files are held for it.
func (h heldOfJob) stopped() map[string]page.Stop {
	stops := map[string]page.Stop{}
	for slug, run := range h.causes {
		stops[slug] = page.Stop{Run: run, Held: true}
	}
	return stops
}

// heldOfAll reads what is held of all jobs, and what was approved of those that are supervised, by one question each.
func heldOfAll(ctx context.Context, d *control.Daemon) (map[string]heldOfJob, error) {
	counts, err := d.Store.HeldCounts(ctx)
	if err != nil {
		return nil, err
	}
	waits, err := d.Store.FirstUnseen(ctx, waitsMost)
	if err != nil {
		return nil, err
	}
	all := map[string]heldOfJob{}
	for _, c := range counts {
		h := all[c.Job]
		h.count(c)
		all[c.Job] = h
	}
	for _, f := range waits {
		h := all[f.Job]
		h.waits = append(h.waits, f)
		all[f.Job] = h
	}
	approved, err := d.Store.ApprovalsOfAll(ctx)
	for name, approvals := range approved {
		h := all[name]
		h.approved = approvals
		all[name] = h
	}
	return all, err
}

// judgeUnseen tells files that only wait for a look from those in doubt.
func judgeUnseen(st *standing) {
	if st.Standing == standingHeld && st.Held == st.Unseen {
		st.Standing, st.Since = string(page.WordApprove), nil
	}
}

// pageLooker takes what people say on pages about files of supervised jobs.
type pageLooker struct {
	*control.Daemon
	house *pageHouse
}

func (p pageLooker) ApproveFile(ctx context.Context, id int64, sha256, by string) (job.File, error) {
	defer p.house.forget()
	return p.Daemon.ApproveFile(ctx, id, sha256, by)
}

func (p pageLooker) RejectFile(ctx context.Context, id int64, sha256, why, by string) (job.File, error) {
	defer p.house.forget()
	return p.Daemon.RejectFile(ctx, id, sha256, why, by)
}

// ReconcileJob settles what a restored ledger or a mass change holds, as `haulier reconcile` does.
func (p pageLooker) ReconcileJob(ctx context.Context, name string, w job.Settling) (settled, left int, err error) {
	defer p.house.forget()
	cfg := p.Config()
	spec, found := cfg.Job(name)
	if !found {
		return 0, 0, job.ErrNotFound
	}
	stage, err := stageOf(cfg, spec)
	if err != nil {
		return 0, 0, err
	}
	epoch, err := p.Store.Epoch(ctx)
	if err != nil {
		return 0, 0, err
	}
	return control.Reconcile(ctx, p.Store, spec, stage, epoch, w)
}

func (p pageLooker) DecideFile(ctx context.Context, w job.Decision) (job.File, error) {
	defer p.house.forget()
	return p.Daemon.DecideFile(ctx, w)
}
