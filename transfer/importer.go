package transfer

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// Importer runs import jobs. Its fields are set once; one Importer serves any number of runs.
type Importer struct {
	Ledger  Ledger
	Landing func(dir string) (Landing, error)
	Opener  func(ctx context.Context, policy job.Opening, limits job.Limits) (Opener, error)
	Refetch func(error) bool                          // whether a file that was refused is worth one more fetch; nil: never
	Forget  func(path string) error                   // deletes an archived copy whose time is over
	Epoch   func(ctx context.Context) (string, error) // of the ledger; it changes when a backup is restored
	Watch   func(job.Progress)                        // told of every sign of life; nil: nobody
	// Parallel is how many files of one run move at the same time; 0: 4. On read-once servers it is always 1.
	Parallel int
}

// Run does what the job asks, once, over a session that stays the caller's.
func (im *Importer) Run(ctx context.Context, remote Remote, c job.Connection, s job.Spec, run job.Run) job.Result {
	r, err := im.begin(ctx, remote, c, s, run)
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

// ended prefers the reason for which a run was ended over the error that this led to.
func ended(ctx context.Context, err error) *job.Reason {
	if ctx.Err() != nil {
		return asReason(context.Cause(ctx))
	}
	return asReason(err)
}

// importRun is one run of one import job.
type importRun struct {
	*Importer
	tally

	remote  Remote
	conn    job.Connection
	spec    job.Spec
	want    *job.Import
	run     job.Run
	landing Landing
	opener  Opener // nil: files are taken as they come
	space   space
	sources selection
	name    naming.Template
	at      time.Time // the run's scheduled time, in the job's zone

	readOnce bool
	epoch    string
	newStage bool // the stage remembers nothing of this job: what is not in it proves nothing
	restored bool // the ledger is an older copy: nothing that looks new is taken without a person's word
	seq      int
	adopted  backlog // versions that lie under names of ours, to be taken
}

func (im *Importer) begin(ctx context.Context, remote Remote, c job.Connection, s job.Spec, run job.Run) (*importRun, error) {
	r := &importRun{Importer: im, remote: remote, conn: c, spec: s, want: s.Import, run: run, at: scheduled(run, s)}
	r.readOnce = c.ReadOnce || c.Profile == "read-once" || yes(remote.Profile().ReadOnce)
	var err error
	if r.sources, err = newSelection(s.Import.Match, s.Import.MatchRegex, s.Import.Ignore, s.Import.DoneFile, s.Import.LookBack, r.at); err != nil {
		return r, err
	}
	if r.name, err = landTemplate(s.Import.Name); err != nil {
		return r, err
	}
	if r.landing, err = im.Landing(s.Import.Landing); err != nil {
		return r, err
	}
	r.space = space{disk: r.landing, keep: s.Limits.MinFreeSpace, dir: s.Import.Landing}
	if s.Import.Opening != nil {
		if r.opener, err = im.Opener(ctx, *s.Import.Opening, s.Limits); err != nil {
			return r, err
		}
	}
	if r.epoch, err = im.Epoch(ctx); err != nil {
		return r, ledgerReason(err)
	}
	life, err := r.landing.Epoch(s.Name)
	if err != nil {
		return r, err
	}
	r.newStage = life == ""
	r.restored, err = restored(ctx, im.Ledger, s.Name, r.epoch, r.landing)
	return r, err
}

// landTemplate reads the template of landed names; empty: the source's name, without .pgp, .gpg or .asc.
func landTemplate(text string) (naming.Template, error) {
	if text == "" {
		return naming.OpenedTemplate(), nil
	}
	return naming.ParseTemplate(text)
}

// scheduled is the time that names and patterns are about: the slot's, or now for runs by hand, in the job's zone.
func scheduled(run job.Run, s job.Spec) time.Time {
	at := run.Started
	if run.Slot != nil {
		at = run.Slot.Due
	}
	if at.IsZero() {
		at = time.Now()
	}
	return at.In(s.Timing.Zone)
}

func yes(b *bool) bool { return b != nil && *b }
func no(b *bool) bool  { return b != nil && !*b }

// maxLooks bounds how often one run lists to see whether files are still being written.
const maxLooks = 3

// work finishes what earlier runs began, then lists, takes what is ready, and lists again while something may become so.
func (r *importRun) work(ctx context.Context) error {
	if err := r.recover(ctx); err != nil {
		return err
	}
	for look := 1; !r.over(); look++ {
		found, err := r.look(ctx)
		if err != nil {
			return err
		}
		if err := r.take(ctx, found.ready); err != nil {
			return err
		}
		r.takeAdopted(ctx)
		if found.waiting == 0 || look == maxLooks {
			r.noteWaiting(found.waiting)
			break
		}
		r.tell(job.Progress{Stage: job.StageWait, Detail: fmt.Sprintf("%d files may still be written; looking again in %s", found.waiting, found.wait.Round(time.Second))})
		if err := sleep(ctx, found.wait); err != nil {
			return err
		}
	}
	if r.want.Archive == nil || r.want.Archive.KeepFor == 0 {
		return nil
	}
	return forgetArchived(ctx, r.Ledger, r.Forget, r.spec.Name, time.Now().Add(-r.want.Archive.KeepFor))
}

func (r *importRun) noteWaiting(n int) {
	if n > 0 {
		r.note(fmt.Sprintf("%d files are still being written or wait for their marker; the next run looks again", n))
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// tell shows a sign of life.
func (r *importRun) tell(p job.Progress) {
	if r.Watch == nil {
		return
	}
	p.Run, p.Job = r.run.ID, r.spec.Name
	r.Watch(p)
}

// firstAttempt is the run that requests are counted for, whatever attempt of the ladder makes them.
func firstAttempt(run job.Run) int64 {
	if run.AttemptOf != 0 {
		return run.AttemptOf
	}
	return run.ID
}

// keep gives a context for the ledger that outlives the end of the run: what was done must be written down.
func keep(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// advance is one step of the machine: it writes the row and takes over what the ledger made of it.
func (r *importRun) advance(ctx context.Context, f *job.File, to job.Step) error {
	from := f.Step
	next := *f
	next.Step = to
	written, err := r.Ledger.Advance(keep(ctx), from, next)
	if err != nil {
		return ledgerReason(err)
	}
	*f = written
	return nil
}

// noteLife notes in the stage which life of the ledger this run was of, and how far it came.
func (r *importRun) noteLife(ctx context.Context, whole bool) error {
	switch {
	case r.restored && whole && r.run.Only == "":
		return r.landing.SetEpoch(r.spec.Name, Looked(r.epoch))
	case !r.restored && r.did():
		return remember(ctx, r.Ledger, r.spec.Name, r.epoch, r.landing)
	}
	return nil
}
