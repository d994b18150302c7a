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

// retire is C13 and C14: what the job says becomes of the source, only now that the landing is durable.
func (r *importRun) retire(ctx context.Context, f *job.File) error {
	if f.Step == job.StepDone {
		return nil
	}
	if err := r.archive(ctx, f); err != nil {
		return err
	}
	see := r.retireSource
	if r.want.AfterSuccess.Action == job.RetireKeep {
		see = r.putBack
	}
	if err := see(ctx, f); err != nil {
		return err
	}
	f.Reason = nil
	return r.advance(ctx, f, job.StepDone) // C14
}

// retireSource is C13. The source is renamed aside first and looked at there: a plain REMOVE, or a rename into the
// archive, could take away a version that the customer put in its place a moment ago.
func (r *importRun) retireSource(ctx context.Context, f *job.File) error {
	if f.Moved {
		return r.disposeOf(ctx, f)
	}
	if f.Aside == "" {
		there, err := r.stillOurs(ctx, *f)
		if err != nil || !there {
			return err
		}
		f.Aside = r.asideOf(*f)
		if err := r.advance(ctx, f, job.StepRetiring); err != nil {
			return err
		}
	}
	err := r.moveAside(ctx, f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the customer took it away; that ends it too
	}
	if refused(err) {
		return r.removeInPlace(ctx, f, err)
	}
	if err != nil || !f.Moved {
		return err
	}
	return r.disposeOf(ctx, f)
}

// putBack gives a source its own name again that was moved aside, or was to be, before the job came to keep its sources.
func (r *importRun) putBack(ctx context.Context, f *job.File) error {
	if f.Aside == "" {
		return nil
	}
	if !f.Moved {
		if _, err := r.lookAside(ctx, f); err != nil {
			return err
		}
	}
	if f.Moved {
		free, err := r.nameFree(ctx, *f)
		if err != nil {
			return err
		}
		if !free {
			r.note(fmt.Sprintf("%s has landed, and its source stays on the server as %s: a newer one has its name, or may have it", r.shown(*f), naming.Printable(f.Aside, 300)))
			return nil
		}
		if err := r.nameBack(ctx, *f); err != nil {
			return err
		}
	}
	f.Aside, f.Moved = "", false // a source that lies under its own name, and is known
	return nil
}

// nameFree says whether a source that lies aside may have its own name again: nobody has it, and no newer version ever had,
// to which it would look like another new one. What lies there already, and not aside, is it. A server that is known to replace
// at RENAME is not asked: it would replace what the customer puts there a moment after the look.
func (r *importRun) nameFree(ctx context.Context, f job.File) (bool, error) {
	if yes(r.remote.Profile().RenameOver) {
		return false, nil
	}
	newest, err := r.ledger.Known(ctx, r.spec.Name, []string{f.Path})
	if err != nil || newest[f.Path].ID != f.ID {
		return false, ledgerReason(err)
	}
	_, err = r.remote.Stat(ctx, f.Path)
	if err == nil {
		_, err = r.remote.Stat(ctx, f.Aside)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case errors.Is(err, fs.ErrPermission):
		return false, nil
	}
	return false, err
}

func (r *importRun) nameBack(ctx context.Context, f job.File) error {
	return r.unlessGone(ctx, f.Aside, failpoint.Around("C13", func() error { return r.remote.Rename(ctx, f.Aside, f.Path, job.RenameV3) }))
}

// stillOurs says whether the version that landed still lies under its own name. Another version is none of this row's
// business: the next listing finds it.
func (r *importRun) stillOurs(ctx context.Context, f job.File) (bool, error) {
	entry, err := r.remote.Stat(ctx, f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.Is(err, fs.ErrPermission):
		return true, nil // nobody may look: the rename and what lies there afterwards decide
	case err != nil:
		return false, err
	}
	return sameFingerprint(f, entry), nil
}

func (r *importRun) asideOf(f job.File) string {
	return naming.Join(folder(f), naming.Aside(f.ID, f.Fence, r.name(f)))
}

// moveAside renames the source to the name that its row already holds, and looks at what was moved. A session that
// died may have done the rename already: look first. It sets Moved only for this row's version.
func (r *importRun) moveAside(ctx context.Context, f *job.File) error {
	if found, err := r.lookAside(ctx, f); found || err != nil {
		return err
	}
	if err := r.renewAside(ctx, f); err != nil {
		return err
	}
	renamed := failpoint.Around("C13.aside", func() error { return r.renameAside(ctx, *f) })
	if unknown(renamed) {
		return renamed // nobody knows: the row says where to look next time
	}
	found, err := r.lookAside(ctx, f)
	switch {
	case found || err != nil:
		return err
	case renamed != nil:
		return renamed
	}
	return r.notAside(ctx, f)
}

// renewAside gives each attempt to retire a source a name of its own. What was asked by a session that died may still be done:
// onto the same name, it would put whatever lies at the source by then in the place of what this attempt has looked at.
func (r *importRun) renewAside(ctx context.Context, f *job.File) error {
	aside := r.asideOf(*f)
	if f.Aside == aside {
		return nil
	}
	next := *f
	next.Aside = aside
	if err := r.advance(ctx, &next, job.StepRetiring); err != nil {
		return err
	}
	*f = next
	return nil
}

// notAside is for a rename that was acknowledged, and nothing is to be seen under the new name. Where nobody may look,
// the server's word is all there is.
func (r *importRun) notAside(ctx context.Context, f *job.File) error {
	if _, err := r.remote.Stat(ctx, f.Aside); errors.Is(err, fs.ErrPermission) {
		f.Moved = true
		return r.advance(ctx, f, f.Step)
	}
	return &job.Reason{
		Slug:  "remote.rename_ignored",
		Cause: "the server said OK, and nothing lies under the new name: something there takes files away, or the server did nothing", Do: "ask the customer what takes files away there", Who: job.WhoCustomer,
	}
}

// lookAside says whether something lies under the row's aside name. The row's own version proves the move; another one
// was put in the source's place in between and is adopted as a version of its own, from where it lies.
func (r *importRun) lookAside(ctx context.Context, f *job.File) (bool, error) {
	entry, err := r.remote.Stat(ctx, f.Aside)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
		return false, nil
	case err != nil:
		return false, err
	}
	own, err := r.isOwn(ctx, *f, entry)
	switch {
	case err != nil:
		return true, err
	case !own:
		return true, r.adopt(ctx, nil, *f, f.Aside, entry)
	}
	if err := r.awaitMove(ctx, *f); err != nil {
		return true, err
	}
	f.ModTime, f.Moved = pick(entry.ModTime, f.ModTime), true
	return true, r.advance(ctx, f, f.Step)
}

// isOwn says whether what lies under the row's aside name is the row's version. Some servers give what they rename another time:
// then what has landed tells by its content, for one more fetch. Where a fetch uses the file up, the size has to do.
func (r *importRun) isOwn(ctx context.Context, f job.File, entry job.Entry) (bool, error) {
	switch {
	case sameFingerprint(f, entry):
		return true, nil
	case entry.Size != f.Size, f.State != job.FileLanded:
		return false, nil
	case r.readOnce:
		return true, nil
	}
	var moved int64
	sum := newMeter()
	err := r.get(ctx, &f, sum, &moved, nil)
	if err != nil && asReason(err).Slug == slugSizeChanged {
		return false, nil // somebody writes it: another version, and no reason to take up again what has landed
	}
	return sum.digest() == f.Received, err
}

// awaitMove waits until a source that was seen aside is gone from its own name: a server that renames by copying shows it under
// both for a while, and what it still shows would be taken for a new one. A rename that is one act needs no look.
func (r *importRun) awaitMove(ctx context.Context, f job.File) error {
	if r.conn.Rename != job.RenameV3 && yes(r.remote.Profile().PosixRename) {
		return nil
	}
	for _, wait := range patience {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		if there, err := r.stillOurs(ctx, f); err != nil || !there {
			return err
		}
	}
	return &job.Reason{
		Slug: "remote.rename_ignored", Cause: "the source lies under its own name, too, after it was renamed: the server copies, or the customer put the same file there again",
		Do: "nothing if the next run finds it gone; else ask the customer about their server", Who: job.WhoCustomer,
	}
}

// disposeOf ends a source that lies aside, where nobody else puts files.
func (r *importRun) disposeOf(ctx context.Context, f *job.File) error {
	if r.want.AfterSuccess.Action == job.RetireDelete {
		return r.unlessGone(ctx, f.Aside, failpoint.Around("C13", func() error { return r.remote.Remove(ctx, f.Aside) }))
	}
	name := r.name(*f)
	target := naming.Join(r.want.AfterSuccess.Dir, name)
	if _, err := r.remote.Stat(ctx, target); !errors.Is(err, fs.ErrNotExist) {
		target = naming.Join(r.want.AfterSuccess.Dir, naming.Stamped(name, time.Now()))
	}
	err := failpoint.Around("C13", func() error { return r.remote.Rename(ctx, f.Aside, target, r.means()) })
	return r.noFolder(ctx, r.unlessGone(ctx, f.Aside, err))
}

// noFolder speaks for a move of a source that is there, to a folder that is not.
func (r *importRun) noFolder(ctx context.Context, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	dir := r.want.AfterSuccess.Dir
	if _, look := r.remote.Stat(ctx, dir); !errors.Is(look, fs.ErrNotExist) {
		return err
	}
	return &job.Reason{
		Slug: "remote.path_missing", Cause: fmt.Sprintf("there is no folder %s on the server to move it to", naming.Printable(dir, 300)),
		Do: "correct after_success, or ask the customer to make the folder; the next run moves it", Who: job.WhoBoth, Technical: asReason(err).Technical, Err: err,
	}
}

// unlessGone forgives a failure about a file that is not there any more: an earlier attempt was through. When it still
// lies there, something else is missing, such as the folder to move it to.
func (r *importRun) unlessGone(ctx context.Context, path string, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, look := r.remote.Stat(ctx, path); errors.Is(look, fs.ErrNotExist) {
		return nil
	}
	return err
}

// removeInPlace deletes a source on a server that lets nobody rename. Between the look and the REMOVE a customer's new
// version could be lost; nothing better is possible there, and plan says so.
func (r *importRun) removeInPlace(ctx context.Context, f *job.File, why error) error {
	if r.want.AfterSuccess.Action != job.RetireDelete {
		return why
	}
	there, err := r.stillOurs(ctx, *f)
	if err != nil || !there {
		return err
	}
	if err := failpoint.Around("C13", func() error { return r.remote.Remove(ctx, f.Path) }); err != nil {
		return r.unlessGone(ctx, f.Path, err)
	}
	f.Aside = f.Path // acknowledged: if it is still listed, it is not a new file
	return nil
}

// refused says whether the server understood a request and will not do it.
func refused(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported)
}

// unknown says whether the answer to a request was lost.
func unknown(err error) bool {
	var reason *job.Reason
	return errors.As(err, &reason) && (reason.Unknown || endsRun(reason))
}

// renameAside takes whatever lies under the source's name at that moment, as one act, where the server has such a rename.
// Plain RENAME is two on OpenSSH, a link and an unlink: a version that the customer renames into place between them is
// destroyed. The new name is ours alone, so there is nothing that replacing could replace.
func (r *importRun) renameAside(ctx context.Context, f job.File) error {
	if r.conn.Rename != job.RenameV3 {
		if err := r.remote.Rename(ctx, f.Path, f.Aside, job.RenamePosix); !refused(err) {
			return err
		}
	}
	return ofSource(r.remote.Rename(ctx, f.Path, f.Aside, job.RenameV3))
}

// ofSource gives the advice for a source that may not be renamed: a session's is for what we bring.
func ofSource(err error) error {
	var reason *job.Reason
	if !errors.As(err, &reason) || reason.Slug != "remote.rename_refused" {
		return err
	}
	own := *reason
	own.Do, own.Who = "ask the customer for the right to rename in the folder, or set after_success: keep", job.WhoCustomer
	return &own
}

func (r *importRun) means() job.RenameMeans {
	if r.conn.Rename == job.RenamePosix {
		return job.RenamePosix
	}
	return job.RenameV3
}

// staysFor is how many runs may see a source whose removal was acknowledged before a person is told.
const staysFor = 3

// staying counts the runs that still see a source whose delete was acknowledged. It is not landed again.
func (r *importRun) staying(ctx context.Context, f job.File) error {
	f.Stayed++
	if f.Stayed >= staysFor {
		r.blameFile(&job.Reason{
			Slug: "remote.source_stays", What: r.shown(f) + " has landed and is not taken again",
			Cause: fmt.Sprintf("the server acknowledged its delete, and %d runs later it is still there", f.Stayed),
			Do:    "ask the customer to remove the file and to look at the rights of its folder", Who: job.WhoCustomer,
		})
	}
	return ignoreStale(r.advance(ctx, &f, job.StepDone))
}

// sweepAsides looks at the names of ours that the listing shows: what a session did that died before it could see the
// answer. Names whose row is another job's, or forgotten, are left alone.
func (r *importRun) sweepAsides(ctx context.Context, l *look) error {
	if r.restored {
		return nil // rows of other files may have had these numbers
	}
	for _, entry := range l.asides {
		id, fence, _ := naming.ParseAside(entry.Name)
		row, err := r.ledger.File(ctx, id)
		if errors.Is(err, job.ErrNotFound) {
			continue
		}
		if err != nil {
			return ledgerReason(err)
		}
		if row.Job != r.spec.Name || !r.lies(row) || entry.Name != naming.Aside(id, fence, r.name(row)) {
			continue // another job's, of another folder, or of a ledger that is forgotten
		}
		if err := r.sweepAside(ctx, l, row, entry); err != nil {
			return err
		}
	}
	return nil
}

func (r *importRun) sweepAside(ctx context.Context, l *look, row job.File, entry job.Entry) error {
	aside := naming.Join(r.want.Dir, entry.Name)
	holder, held, err := r.ledger.HolderOf(ctx, row, aside)
	if err != nil {
		return ledgerReason(err)
	}
	if held && open(holder) {
		return r.takeOver(ctx, l.names, holder, entry)
	}
	if held {
		row = holder
	}
	if apart(row) && another(row, aside, entry) {
		newer, carried, err := r.carried(ctx, row, entry)
		if err != nil {
			return err
		}
		if carried {
			row = newer
		}
	}
	switch {
	case awaitsListing(row) && row.Aside == "" && sameFingerprint(row, entry) && !l.names.has(r.name(row)):
		return r.movedLate(ctx, l, row, aside)
	case apart(row) && another(row, aside, entry):
		return r.adopt(ctx, l.names, row, aside, entry)
	case !over(row):
		return nil // its own recovery, or a person, decides
	}
	return r.disposeLate(ctx, row, aside)
}

// over says whether nothing more is to be done with the row's source.
func over(row job.File) bool {
	return row.Step == job.StepDone && row.State != job.FileRejected && row.State != job.FileHeld
}

// apart says whether another version that lies under a name of the row's is no business of the row any more: it is over, a person
// looks at what was fetched of it, or it is rejected.
func apart(row job.File) bool {
	return over(row) || row.Step == job.StepChecked || (row.Step == job.StepDone && row.State == job.FileRejected)
}

// another says whether what lies under a name of the row's is not the version that it was of, which is proven to be gone once it
// was seen under another name of ours.
func another(row job.File, aside string, entry job.Entry) bool {
	return !sameFingerprint(row, entry) || slugOf(row) == slugWithdrawn || (row.Moved && row.Aside != aside)
}

// movedLate is for a rename that took effect late, and took along the version of a row that waits: its claim was believed not to
// have moved it, or an older row's was to move that one's.
func (r *importRun) movedLate(ctx context.Context, l *look, row job.File, aside string) error {
	row.Aside, row.Moved, row.State, row.Reason = aside, true, job.FileWaiting, nil
	if err := r.advance(ctx, &row, job.StepSeen); err != nil {
		return ignoreStale(err)
	}
	r.takeQuiet(l.names, row, l.now.Sub(row.StableSince))
	return nil
}

// disposeLate ends a source whose rename took effect after its row was done. Only what has landed, now or before, is
// ever removed, moved on or, where sources are kept, given its own name again.
func (r *importRun) disposeLate(ctx context.Context, row job.File, aside string) error {
	if row.State != job.FileLanded && slugOf(row) != slugDuplicate {
		return nil
	}
	if r.want.AfterSuccess.Action == job.RetireKeep {
		return r.keepLate(ctx, row, aside)
	}
	row.Aside, row.Moved = aside, true
	if err := r.disposeOf(ctx, &row); err != nil {
		return err
	}
	return r.staying(ctx, row)
}

// keepLate puts a source back whose row is done. The row says first that it is known and there: it is not to be landed again.
func (r *importRun) keepLate(ctx context.Context, row job.File, aside string) error {
	row.Aside = aside
	if free, err := r.nameFree(ctx, row); err != nil || !free {
		return err
	}
	row.Aside, row.Moved, row.Absent = "", false, false
	if err := r.advance(ctx, &row, job.StepDone); err != nil {
		return ignoreStale(err)
	}
	row.Aside = aside
	return r.nameBack(ctx, row)
}
