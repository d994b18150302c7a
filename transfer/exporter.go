package transfer

import (
	"context"
	"fmt"
	"path"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// Exporter runs export jobs. Its fields are set once; one Exporter serves any number of runs.
type Exporter struct {
	Ledger Ledger
	Outbox func(dir string) (Outbox, error)
	Stage  func(jobName string) (Stage, error) // for what is sealed, and for snapshots
	Sealer func(ctx context.Context, policy job.Sealing) (Sealer, error)
	Epoch  func(ctx context.Context) (string, error) // of the ledger; it changes when a backup is restored
	Forget func(path string) error                   // deletes a moved source whose time is over
	Watch  func(job.Progress)                        // told of every sign of life; nil: nobody
	// Parallel is how many files of one run move at the same time; 0: 4.
	Parallel int
}

// Carrier is a session that can tell what proves it.
type Carrier interface {
	Remote
	Facts() job.Session
}

// Run does what the job asks, once, over a session that stays the caller's.
func (ex *Exporter) Run(ctx context.Context, remote Carrier, c job.Connection, s job.Spec, run job.Run) job.Result {
	r, err := ex.begin(ctx, remote, c, s, run)
	if err == nil {
		err = r.work(ctx)
	}
	if err != nil {
		r.fail(ended(ctx, err))
	}
	if err := r.noteLife(ctx, err == nil); err != nil {
		r.fail(asReason(err))
	}
	return r.result()
}

// exportRun is one run of one export job.
type exportRun struct {
	*Exporter
	tally

	remote  Carrier
	conn    job.Connection
	spec    job.Spec
	want    *job.Export
	run     job.Run
	outbox  Outbox
	stage   Stage
	sealer  Sealer // nil: sent as it is
	space   space
	sources selection
	name    naming.Template
	marker  *naming.Template
	at      time.Time

	way      way
	isBlind  atomic.Bool // this run found that nobody may look
	epoch    string
	restored bool
	seq      int
	again    bool // a file was tried more than once: old temporaries may lie on the server
}

func (ex *Exporter) begin(ctx context.Context, remote Carrier, c job.Connection, s job.Spec, run job.Run) (*exportRun, error) {
	r := &exportRun{Exporter: ex, remote: remote, conn: c, spec: s, want: s.Export, run: run, at: scheduled(run, s)}
	r.way = chooseWay(c, *s.Export, remote.Profile())
	var err error
	if r.sources, err = newSelection(s.Export.Match, s.Export.MatchRegex, s.Export.Ignore, s.Export.DoneFile, s.Export.LookBack, r.at); err != nil {
		return r, err
	}
	if err = r.parseNames(); err != nil {
		return r, err
	}
	if r.outbox, err = ex.Outbox(s.Export.Outbox); err != nil {
		return r, outboxReason(s.Export.Outbox, err)
	}
	if r.stage, err = ex.Stage(s.Name); err != nil {
		return r, err
	}
	r.space = space{disk: r.stage, keep: s.Limits.MinFreeSpace, dir: "the stage in data_dir"}
	if s.Export.Sealing != nil {
		if r.sealer, err = ex.Sealer(ctx, *s.Export.Sealing); err != nil {
			return r, err
		}
	}
	if r.epoch, err = ex.Epoch(ctx); err != nil {
		return r, ledgerReason(err)
	}
	r.restored, err = restored(ctx, ex.Ledger, s.Name, r.epoch, r.stage)
	return r, err
}

func outboxReason(dir string, err error) error {
	return &job.Reason{
		Slug: "local.outbox", What: "nothing was sent", Cause: fmt.Sprintf("the outbox %s cannot be read", dir),
		Do: "make the folder, or correct from.dir", Who: job.WhoUs, Technical: err.Error(), Err: err,
	}
}

func (r *exportRun) parseNames() (err error) {
	if r.name, err = naming.ParseTemplate(r.want.Name); err != nil || r.want.Marker == "" {
		return err
	}
	marker, err := naming.ParseTemplate(r.want.Marker)
	r.marker = &marker
	return err
}

// work finishes what earlier runs began, then looks into the outbox, sends what is ready, and looks again while
// something may become so.
func (r *exportRun) work(ctx context.Context) error {
	if err := r.recover(ctx); err != nil {
		return err
	}
	for look := 1; !r.over(); look++ {
		found, err := r.look(ctx)
		if err != nil {
			return err
		}
		if err := r.send(ctx, found.ready); err != nil {
			return err
		}
		if found.waiting == 0 || look == maxLooks {
			if found.waiting > 0 {
				r.note(fmt.Sprintf("%d files in the outbox are still being written or wait for their marker; the next run looks again", found.waiting))
			}
			break
		}
		r.tell(job.Progress{Stage: job.StageWait, Detail: fmt.Sprintf("%d files may still be written; looking again in %s", found.waiting, found.wait.Round(time.Second))})
		if err := sleep(ctx, found.wait); err != nil {
			return err
		}
	}
	r.cleanTemps(ctx)
	return r.forget(ctx)
}

// tell shows a sign of life.
func (r *exportRun) tell(p job.Progress) {
	if r.Watch == nil {
		return
	}
	p.Run, p.Job = r.run.ID, r.spec.Name
	r.Watch(p)
}

// advance is one step of the machine: it writes the row and takes over what the ledger made of it.
func (r *exportRun) advance(ctx context.Context, f *job.File, to job.Step) error {
	next := *f
	next.Step = to
	written, err := r.Ledger.Advance(keep(ctx), f.Step, next)
	if err != nil {
		return ledgerReason(err)
	}
	*f = written
	return nil
}

// localName is the source's name in the outbox.
func localName(f job.File) string { return path.Base(f.Path) }

func (r *exportRun) shown(f job.File) string { return naming.Printable(localName(f), 200) }

// forget deletes moved sources whose time is over: only what rows of this job say that they moved.
func (r *exportRun) forget(ctx context.Context) error {
	if r.want.AfterSuccess.KeepFor == 0 {
		return nil
	}
	return forgetArchived(ctx, r.Ledger, r.Forget, r.spec.Name, time.Now().Add(-r.want.AfterSuccess.KeepFor))
}

// forgetArchived deletes kept copies that ended before a time.
func forgetArchived(ctx context.Context, ledger Ledger, forget func(string) error, jobName string, before time.Time) error {
	for {
		rows, err := ledger.Expired(ctx, jobName, before, batch)
		if err != nil {
			return ledgerReason(err)
		}
		for _, f := range rows {
			if err := forget(f.Archived); err != nil {
				return err
			}
			f.Archived = ""
			if _, err := ledger.Advance(keep(ctx), f.Step, f); ignoreStale(err) != nil {
				return ledgerReason(err)
			}
		}
		if len(rows) < batch {
			return nil
		}
	}
}

// noteLife notes in the stage which life of the ledger this run was of, and how far it came.
func (r *exportRun) noteLife(ctx context.Context, whole bool) error {
	switch {
	case r.restored && whole && r.run.Only == "":
		return r.stage.SetEpoch(r.spec.Name, Looked(r.epoch))
	case !r.restored && r.did():
		return remember(ctx, r.Ledger, r.spec.Name, r.epoch, r.stage)
	}
	return nil
}
