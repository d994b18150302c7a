package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// change is a source that was served before and looks new.
type change struct {
	path    string
	entry   job.Entry
	shift   int64 // of the modification time, when nothing else changed
	shifted bool
	back    bool // it was gone, and returned as it was
}

// look lists the source folder once (C1) and brings the ledger up to date with it (C2). The rows are the only state:
// a crash anywhere in here leads to another listing.
func (r *importRun) look(ctx context.Context) (*look, error) {
	l, err := r.newLook(ctx)
	if err != nil {
		return nil, err
	}
	l.resting = r.readResting(ctx, l.names)
	defer l.resting.stop()
	err = r.list(ctx, func(entry job.Entry) error { return r.sight(ctx, l, entry) })
	capped := tooMany(err)
	if err != nil && !capped {
		return nil, err
	}
	if capped {
		r.blameFile(asReason(err)) // what was seen is taken all the same
	}
	if err := r.judgeRest(ctx, l); err != nil {
		return nil, err
	}
	if err := r.remember(ctx, l); err != nil {
		return nil, err
	}
	if err := r.takeChanges(ctx, l); err != nil {
		return nil, err
	}
	if err := r.sweepAsides(ctx, l); err != nil {
		return nil, err
	}
	r.gate(l, quietly)
	if r.listed = !capped; r.listed { // only a whole listing says what is gone
		if err := r.markAbsent(ctx, l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// list is C1.
func (r *importRun) list(ctx context.Context, each func(job.Entry) error) error {
	r.tell(job.Progress{Stage: job.StageList, Name: naming.Printable(r.want.Dir, 200)})
	return failpoint.Around("C1", func() error { return r.remote.List(ctx, r.want.Dir, r.spec.Limits.MaxEntries, each) })
}

// tooMany says whether a listing was ended by limits.max_entries.
func tooMany(err error) bool {
	var reason *job.Reason
	return errors.As(err, &reason) && reason.Slug == "remote.too_many_entries"
}

// follow does what the verdict on one source asks.
func (r *importRun) follow(ctx context.Context, l *look, s sighting) (*job.File, error) {
	switch r.verdict(l, s) {
	case verdictSpent:
		if err := r.withdraw(ctx, []job.File{s.row}); err != nil {
			return nil, err
		}
		l.changed = append(l.changed, asChange(s))
	case verdictNew:
		if s.known {
			l.changed = append(l.changed, asChange(s))
			return nil, nil
		}
		f := r.begin(s, l.now, "")
		return &f, nil
	case verdictChanged:
		return nil, r.restart(ctx, l, s)
	case verdictWaiting:
		l.await(r.stableFor - l.now.Sub(s.row.StableSince))
	case verdictReady:
		r.due(l, s.row)
	case verdictStaying:
		return nil, r.staying(ctx, s.row)
	case verdictHeld, verdictKnown, verdictBusy:
	}
	return nil, nil
}

func asChange(s sighting) change {
	c := change{path: s.path, entry: s.entry}
	if s.row.Size == s.entry.Size {
		c.shift = s.entry.ModTime - s.row.ModTime
		c.shifted = c.shift != 0
		c.back = c.shift == 0 && s.row.Absent
	}
	return c
}

// begin is the row of a version that nobody worked on.
func (r *importRun) begin(s sighting, now time.Time, cause string) job.File {
	f := r.asFile(s.path, s.entry, now)
	if cause != "" {
		r.decide(&f, job.FileHeld, massReason(cause, r.spec.Name))
	}
	r.refuse(&f)
	return f
}

// refuses says why a file that is ready is not taken.
func (r *importRun) refuses(f job.File) error {
	if r.forgets(f) {
		return r.forgotten(f)
	}
	return r.acceptable(f)
}

// refuse decides a new row by what the listing says alone. Sizes of files that may still be written are judged when
// they are quiet.
func (r *importRun) refuse(f *job.File) {
	name := r.name(*f)
	if err := naming.Check(name); err != nil {
		r.decide(f, job.FileRejected, unsafeReason(err))
		return
	}
	if f.State == job.FileHeld {
		return
	}
	if r.restored {
		r.decide(f, job.FileHeld, restoredReason(r.spec.Name))
		return
	}
	if f.Size == 0 && r.want.StableFor > 0 {
		return // perhaps its first byte is on its way
	}
	var refused *decision
	if errors.As(r.acceptable(*f), &refused) {
		r.decide(f, refused.state, refused.reason)
	}
}

// acceptable says whether a file may be fetched, by its name and size.
func (r *importRun) acceptable(f job.File) error {
	name := r.name(f)
	if err := naming.Check(name); err != nil {
		return &decision{job.FileRejected, unsafeReason(err)}
	}
	switch {
	case f.Size < 0:
		return &decision{job.FileRejected, &job.Reason{
			Slug: "remote.size_unknown", What: "the file did not land",
			Cause: "the server does not tell the file's size, so nobody could say whether it arrived whole",
			Do:    "ask the customer for a server that tells sizes", Who: job.WhoCustomer,
		}}
	case f.Size == 0 && !r.want.AllowEmpty:
		return &decision{job.FileRejected, emptyReason()}
	case f.Size > r.spec.Limits.MaxFileSize:
		return &decision{job.FileRejected, &job.Reason{
			Slug: "content.too_large", What: "the file did not land",
			Cause: fmt.Sprintf("it has %s, and limits.max_file_size is %s", bytes(f.Size), bytes(r.spec.Limits.MaxFileSize)),
			Do:    "ask the customer whether the size is right, or raise limits.max_file_size and `haulier retry` the run", Who: job.WhoBoth,
		}}
	}
	return nil
}

func unsafeReason(err error) *job.Reason {
	return &job.Reason{
		Slug: "remote.unsafe_name", What: "the file did not land", Cause: err.Error(),
		Do: "ask the customer to rename the file", Who: job.WhoCustomer,
	}
}

func emptyReason() *job.Reason {
	return &job.Reason{
		Slug: "content.empty", What: "the file did not land", Cause: "it has no content: 0 bytes",
		Do: "ask the customer to send it again, or set allow_empty: true", Who: job.WhoCustomer,
	}
}

func restoredReason(jobName string) *job.Reason {
	return &job.Reason{
		Slug: slugRestored, What: "the file was not moved on",
		Cause: "it looks new, but the ledger was restored from an older copy and may have forgotten that it was taken",
		Do:    "haulier reconcile " + jobName, Who: job.WhoUs,
	}
}

// markAbsent notes the paths that whole listings did not have: when they come back, they are new. What was seen and
// not yet taken was withdrawn; what a read-once server gave to a run that died is used up.
func (r *importRun) markAbsent(ctx context.Context, l *look) error {
	m, err := r.missed(ctx, l)
	if err == nil && m.doubtful {
		m, err = r.missedTwice(ctx, l)
	}
	if err != nil {
		return err
	}
	if err := r.absent(ctx, l, m.done); err != nil {
		return err
	}
	for _, f := range m.gone {
		if err := r.missing(ctx, l, f); err != nil {
			return err
		}
	}
	for _, f := range m.left {
		if err := r.leftBehind(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// missed are rows whose sources are not among the names of a look.
type missed struct {
	done     []int64
	gone     []job.File // that wait to be listed
	left     []job.File // that wait in a folder which the job does not read any more
	doubtful bool       // for all that is known, some should be there
}

// missedTwice gives what another listing is without, too: a file that is renamed while a folder is read may be in a listing under
// neither name. Where a name of ours came up meanwhile, that is what happened: nothing is missed, and the next look decides.
func (r *importRun) missedTwice(ctx context.Context, l *look) (missed, error) {
	torn := false
	err := r.list(ctx, func(entry job.Entry) error {
		_, _, ours := naming.ParseAside(entry.Name)
		torn = torn || (ours && !l.names.has(entry.Name))
		l.names.list(entry)
		return nil
	})
	if torn || tooMany(err) {
		l.await(soonest)
		return missed{}, nil
	}
	if err != nil {
		return missed{}, err
	}
	return r.missed(ctx, l)
}

func (r *importRun) missed(ctx context.Context, l *look) (m missed, err error) {
	err = r.leftOver(ctx, l, func(f job.File) error {
		name := r.name(f)
		if f.Step == job.StepSeen {
			name = baseName(source(f), folder(f))
		}
		listed := awaitsListing(f)
		switch {
		case f.Touched > l.stamp:
		case !r.lies(f):
			if listed && !r.run.AsRun {
				m.left = append(m.left, f)
			}
		case l.names.has(name):
		case listed:
			m.gone, m.doubtful = append(m.gone, f), true
		case f.Step == job.StepDone:
			m.done, m.doubtful = append(m.done, f.ID), m.doubtful || !f.Moved
		}
		return nil
	})
	return m, err
}

// missing is for a row that waits and that listings do not show. What lies under a name of ours may only be hidden in them.
func (r *importRun) missing(ctx context.Context, l *look, f job.File) error {
	if f.Aside != "" {
		entry, err := r.remote.Stat(ctx, f.Aside)
		switch {
		case unknown(err):
			return err
		case err == nil:
			return r.takeOver(ctx, l.names, f, entry)
		}
	}
	return r.withdraw(ctx, []job.File{f})
}

// awaitsListing says whether the next listing decides about a row: nobody took it yet, or a read-once server gave it to a run
// that died.
func awaitsListing(f job.File) bool {
	return open(f) || (f.Step == job.StepClaimed && f.Aside == "" && f.State != job.FileHeld)
}

// leftBehind is for a row that waits to be listed in a folder that the job does not read any more. What lies there under
// a name of ours is taken; a source that may be used up is looked for.
func (r *importRun) leftBehind(ctx context.Context, f job.File) error {
	entry, err := r.remote.Stat(ctx, source(f))
	switch {
	case unknown(err):
		return err
	case errors.Is(err, fs.ErrNotExist), err != nil && f.Step == job.StepClaimed:
		return r.withdraw(ctx, []job.File{f})
	case err == nil && f.Aside != "":
		return r.takeLeft(ctx, f, entry)
	}
	return r.leaveBehind(ctx, f)
}

// takeLeft takes what lies under a name of ours in a folder that is not listed any more. Its done-file is looked for by its name.
func (r *importRun) takeLeft(ctx context.Context, f job.File, entry job.Entry) error {
	names := newNameSet(true)
	if name := r.sources.markerOf(r.name(f)); name != "" {
		marker, err := r.remote.Stat(ctx, naming.Join(folder(f), name))
		switch {
		case unknown(err):
			return err
		case err == nil:
			names.list(job.Entry{Name: name, ModTime: marker.ModTime})
		}
	}
	return r.takeOver(ctx, names, f, entry)
}

func (r *importRun) withdraw(ctx context.Context, gone []job.File) error {
	for _, f := range gone {
		to := job.StepDone
		begun := f.Step == job.StepClaimed || (r.readOnce && f.Aside != "" && f.Fence > 0) // what lies aside is not claimed once more
		ending := r.gone(&f, begun)
		f.State, f.Reason = ending.state, ending.reason
		if begun {
			to = job.StepClaimed
		}
		r.speak(&f)
		if err := ignoreStale(r.advance(ctx, &f, to)); err != nil {
			return err
		}
		r.add(f)
		r.let(ctx, f, time.Now(), 0, false)
	}
	return nil
}

// gone is how a row ends whose source is not there any more. What a read-once server had begun to give is used up; a person is
// told, and if the server shows it once more under its own name, the listing takes it up again.
func (r *importRun) gone(f *job.File, begun bool) *decision {
	f.Absent = true
	if begun {
		f.Aside, f.Moved = "", false
		return &decision{job.FileHeld, consumedReason(f.ID)}
	}
	return &decision{job.FileSkipped, &job.Reason{
		Slug: slugWithdrawn, What: "the file did not land", Cause: "it was taken from the server again before it could be fetched",
		Do: "nothing, unless the customer expects it to be here", Who: job.WhoCustomer,
	}}
}

func consumedReason(id int64) *job.Reason {
	return &job.Reason{
		Slug: "remote.source_consumed", What: "the file did not land", Cause: "a fetch was cut off, or came to another size than was listed, and this server counts such a fetch as done: the file is gone there",
		Do: fmt.Sprintf("ask the customer to put the file out again (on IBM Sterling: raise its extraction count); if it comes with another size or time it is a file of its own: then haulier held resolve %d --as drop", id), Who: job.WhoCustomer,
	}
}
