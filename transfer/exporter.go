package transfer

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"

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
	// Looked keeps what a listing of a job that expects something held near that; nil: nobody asks.
	Looked func(ctx context.Context, l job.Look) error
	Watch  func(job.Progress) // told of every sign of life; nil: nobody
	// Parallel is how many files of one run move at the same time; 0: as many as their sizes suggest and the server bears.
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
	if err == nil {
		err = r.cleanTemps(ctx)
	}
	if err == nil {
		err = r.forgetKept(ctx, ex.Forget, r.want.AfterSuccess.KeepFor)
	}
	return r.end(ctx, err)
}

// exportRun is one run of one export job.
type exportRun struct {
	*Exporter
	*frame

	remote Carrier
	want   *job.Export
	outbox Outbox // of the file at hand
	stage  Stage
	space  *space
	sealer Sealer // nil: sent as it is
	naming naming.Template
	marker *naming.Template

	way     way
	isBlind *atomic.Bool // this run found that nobody may look
	watched *atomic.Bool // files are held for a person: what is looked at is what is sent
}

// prepare makes a run that can judge, and touches nothing.
func (ex *Exporter) prepare(profile job.Profile, c job.Connection, s job.Spec, run job.Run) (*exportRun, error) {
	r := &exportRun{Exporter: ex, want: s.Export, way: chooseWay(c, *s.Export, profile), isBlind: new(atomic.Bool), watched: new(atomic.Bool)}
	r.frame = &frame{
		machine: r, follows: r, ledger: ex.Ledger, watch: ex.Watch, looked: ex.Looked, conn: c, spec: s, run: run, at: scheduled(run, s),
		dir: filepath.Clean(s.Export.Outbox), stableFor: s.Export.StableFor, parallel: ex.Parallel,
	}
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
	return r, nil
}

func (ex *Exporter) begin(ctx context.Context, remote Carrier, c job.Connection, s job.Spec, run job.Run) (*exportRun, error) {
	r, err := ex.prepare(remote.Profile(), c, s, run)
	if err != nil {
		return r, err
	}
	r.remote = remote
	if r.stage, err = ex.Stage(s.Name); err != nil {
		return r, err
	}
	r.space = &space{disk: r.stage, keep: s.Limits.MinFreeSpace, dir: "the stage in data_dir"}
	if s.Export.Sealing != nil {
		if r.sealer, err = ex.Sealer(ctx, *s.Export.Sealing); err != nil {
			return r, err
		}
	}
	if r.epoch, err = ex.Epoch(ctx); err != nil {
		return r, ledgerReason(err)
	}
	r.witness = r.stage
	watched, err := r.isSupervised(ctx)
	if err != nil {
		return r, err
	}
	r.watched.Store(watched)
	return r, r.judgeLedger(ctx)
}

func outboxReason(dir string, err error) error {
	return &job.Reason{
		Slug: "local.outbox", What: "nothing was sent", Cause: fmt.Sprintf("the outbox %s cannot be read", dir),
		Do: "make the folder, or correct from.dir", Who: job.WhoUs, Technical: err.Error(), Err: err,
	}
}

func (r *exportRun) parseNames() (err error) {
	if r.naming, err = naming.ParseTemplate(r.want.Name); err != nil || r.want.Marker == "" {
		return err
	}
	marker, err := naming.ParseTemplate(r.want.Marker)
	r.marker = &marker
	return err
}
