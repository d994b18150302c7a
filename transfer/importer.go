package transfer

import (
	"context"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// Importer runs import jobs. Its fields are set once; one Importer serves any number of runs.
type Importer struct {
	Ledger  Ledger
	Landing func(dir string) (Landing, error)
	Former  func(dir string) (Landing, error) // a landing that a job had before, as it is; fs.ErrNotExist: it is gone
	Opener  func(ctx context.Context, policy job.Opening, limits job.Limits) (Opener, error)
	Refetch func(error) bool                          // whether a file that was refused is worth one more fetch; nil: never
	Forget  func(path string) error                   // deletes an archived copy whose time is over
	Epoch   func(ctx context.Context) (string, error) // of the ledger; it changes when a backup is restored
	// Looked keeps what a listing of a job that expects something held near that; nil: nobody asks.
	Looked func(ctx context.Context, l job.Look) error
	Watch  func(job.Progress) // told of every sign of life; nil: nobody
	// Parallel is how many files of one run move at the same time; 0: as their sizes suggest. On read-once servers it is always 1.
	Parallel int
}

// Run does what the job asks, once, over a session that stays the caller's.
func (im *Importer) Run(ctx context.Context, remote Remote, c job.Connection, s job.Spec, run job.Run) job.Result {
	r, err := im.begin(ctx, remote, c, s, run)
	if err == nil {
		err = r.work(ctx)
	}
	if err == nil && r.want.Archive != nil {
		err = r.forgetKept(ctx, im.Forget, r.want.Archive.KeepFor)
	}
	return r.end(ctx, err)
}

// importRun is one run of one import job, as seen from the landing where the file at hand is made.
type importRun struct {
	*Importer
	*frame
	home
	former *formerHomes

	remote Remote
	want   *job.Import
	opener Opener // nil: files are taken as they come
	naming naming.Template

	readOnce bool
}

// prepare makes a run that can judge, and touches nothing.
func (im *Importer) prepare(remote Remote, c job.Connection, s job.Spec, run job.Run) (*importRun, error) {
	r := &importRun{Importer: im, former: &formerHomes{was: map[string]home{}}, remote: remote, want: s.Import}
	r.frame = &frame{
		machine: r, follows: r, ledger: im.Ledger, watch: im.Watch, looked: im.Looked, conn: c, spec: s, run: run, at: scheduled(run, s),
		dir: s.Import.Dir, stableFor: s.Import.StableFor, parallel: im.Parallel,
	}
	if r.readOnce = c.ReadOnce || c.Profile == "read-once" || yes(remote.Profile().ReadOnce); r.readOnce {
		r.parallel = 1
	}
	var err error
	if r.sources, err = newSelection(s.Import.Match, s.Import.MatchRegex, s.Import.Ignore, s.Import.DoneFile, s.Import.LookBack, r.at); err != nil {
		return r, err
	}
	r.naming, err = landTemplate(s.Import.Name)
	return r, err
}

func (im *Importer) begin(ctx context.Context, remote Remote, c job.Connection, s job.Spec, run job.Run) (*importRun, error) {
	r, err := im.prepare(remote, c, s, run)
	if err != nil {
		return r, err
	}
	if r.home, err = r.ownHome(ctx); err != nil {
		return r, err
	}
	if s.Import.Opening != nil {
		if r.opener, err = im.Opener(ctx, *s.Import.Opening, s.Limits); err != nil {
			return r, err
		}
	}
	if r.epoch, err = im.Epoch(ctx); err != nil {
		return r, ledgerReason(err)
	}
	if r.witness, err = r.openWitness(); err != nil {
		return r, err
	}
	return r, r.judgeLedger(ctx)
}

// openWitness gives the landing that the job has now.
func (r *importRun) openWitness() (Landing, error) {
	if r.want.Witness == "" {
		return r.landing, nil
	}
	return r.Importer.Landing(r.want.Witness)
}

// landTemplate reads the template of landed names; empty: the source's name, without .pgp, .gpg or .asc.
func landTemplate(text string) (naming.Template, error) {
	if text == "" {
		return naming.OpenedTemplate(), nil
	}
	return naming.ParseTemplate(text)
}

func yes(b *bool) bool { return b != nil && *b }
func no(b *bool) bool  { return b != nil && !*b }
