package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// RevisionBook keeps the revisions of the configuration.
type RevisionBook interface {
	LastRevision(ctx context.Context) (store.Revision, bool, error)
	AddRevision(ctx context.Context, r store.Revision) (int64, error)
}

// Record keeps a configuration that counts from now on, with a masked diff against the one before, and gives its number.
func Record(ctx context.Context, book RevisionBook, cfg *config.Config, by string) (int64, error) {
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return 0, fmt.Errorf("record the configuration: %w", err)
	}
	last, _, err := book.LastRevision(ctx)
	if err != nil {
		return 0, err
	}
	text := config.Masked(cfg)
	sum := sha256.Sum256([]byte(path + "\x00" + text))
	return book.AddRevision(ctx, store.Revision{
		Hash: hex.EncodeToString(sum[:]), Path: path, Text: text, Diff: config.Diff(last.Text, text), By: by, At: time.Now(),
	})
}

// RevisionReader gives revisions by their numbers.
type RevisionReader interface {
	Revision(ctx context.Context, id int64) (store.Revision, error)
}

// AsRun gives the job of a run and its connection as the run's revision had them. Whom we log in to, and how, stays as
// it is now: the account with its credentials, host keys and way there, and what is known of the server. A job that
// would go to another account than now is refused.
func AsRun(ctx context.Context, s RevisionReader, now *config.Config, run job.Run) (job.Spec, job.Connection, error) {
	then, err := revisionOf(ctx, s, run)
	if err != nil {
		return job.Spec{}, job.Connection{}, err
	}
	spec, present, err := sameJob(then, now, run)
	if err != nil {
		return job.Spec{}, job.Connection{}, err
	}
	was, is := then.Connections[spec.Connection], now.Connections[present.Connection]
	if account(was) != account(is) {
		return job.Spec{}, job.Connection{}, barred(run, fmt.Sprintf("connection %q logged in to %s then, and logs in to %s now", is.Name, address(was), address(is)))
	}
	is.Root, is.Locations, is.Rename, is.Verify = was.Root, was.Locations, was.Rename, was.Verify
	return asNamed(spec, present), is, nil
}

// asNamed gives a job of before its name and switch of now. An import keeps the landing of now as the witness of what
// its ledger has seen: a landing that it only visits may know of an older state.
func asNamed(spec, present job.Spec) job.Spec {
	spec.Name, spec.Formerly, spec.Enabled = present.Name, present.Formerly, present.Enabled
	if spec.Import != nil && spec.Import.Landing != present.Import.Landing {
		visiting := *spec.Import
		visiting.Witness = present.Import.Landing
		spec.Import = &visiting
	}
	return spec
}

// revisionOf loads the configuration that a run was made with.
func revisionOf(ctx context.Context, s RevisionReader, run job.Run) (*config.Config, error) {
	kept, err := s.Revision(ctx, run.Revision)
	switch {
	case err != nil && !errors.Is(err, job.ErrNotFound):
		return nil, err
	case err != nil, kept.Path == "":
		return nil, unknownRevision(run, "the configuration of that run was not kept: it was made by an older version of Haulier")
	}
	name := fmt.Sprintf("revision %d of %s", kept.ID, kept.Path)
	cfg, problems := config.LoadText(kept.Text, kept.Path, name, config.Options{NoFiles: true})
	if cfg == nil {
		return nil, unknownRevision(run, fmt.Sprintf("this version of Haulier does not take %s any more: %s", name, firstError(problems)))
	}
	return cfg, nil
}

// sameJob finds the job of a run in its revision and in the configuration of now.
func sameJob(then, now *config.Config, run job.Run) (was, is job.Spec, err error) {
	is, found := now.Job(run.Job)
	if !found {
		return was, is, barred(run, fmt.Sprintf("job %q is not configured any more", run.Job))
	}
	if was, found = then.Job(run.Job); !found {
		was, found = then.Job(is.Formerly)
	}
	switch {
	case !found:
		return was, is, barred(run, fmt.Sprintf("revision %d has no job %q", run.Revision, run.Job))
	case was.Type != is.Type:
		return was, is, barred(run, fmt.Sprintf("job %q was an %s then, and is an %s now", run.Job, was.Type, is.Type))
	case was.Connection != is.Connection:
		return was, is, barred(run, fmt.Sprintf("job %q went to connection %q then, and goes to %q now", run.Job, was.Connection, is.Connection))
	}
	return was, is, nil
}

func account(c job.Connection) job.Account {
	return job.Account{Host: c.Host, Port: c.Port, User: c.User}
}

func address(c job.Connection) string { return fmt.Sprintf("%s@%s:%d", c.User, c.Host, c.Port) }

func barred(run job.Run, cause string) *job.Reason {
	return &job.Reason{
		Slug: "config.as_run_barred", What: "nothing was begun", Cause: cause,
		Do: withCurrent(run) + ", if the job is still there; else put the old lines back, and reload", Who: job.WhoUs,
	}
}

func unknownRevision(run job.Run, cause string) *job.Reason {
	return &job.Reason{Slug: "config.revision_unknown", What: "nothing was begun", Cause: cause, Do: withCurrent(run), Who: job.WhoUs}
}

func withCurrent(run job.Run) string { return fmt.Sprintf("haulier retry %d --config current", run.ID) }
