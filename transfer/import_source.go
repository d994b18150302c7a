package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/haulier/haulier/job"
)

// source is where the file lies on the server: under its own name, or where we put it.
func source(f job.File) string {
	if f.Aside != "" {
		return f.Aside
	}
	return f.Path
}

// sameFingerprint says whether an entry is of the row's size, and of its time as far as it tells one.
func sameFingerprint(f job.File, entry job.Entry) bool {
	return entry.Size == f.Size && (entry.ModTime == f.ModTime || entry.ModTime == 0)
}

// unchangedSource looks at the source once more: a file that was replaced while it was read is not landed.
func (r *importRun) unchangedSource(ctx context.Context, f *job.File) error {
	if r.readOnce || f.Spent || no(r.remote.Profile().Stat) {
		return nil
	}
	entry, err := r.remote.Stat(ctx, source(*f))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil // the server lets nobody look; the count of bytes was right
	case errors.Is(err, fs.ErrNotExist):
		f.Spent = f.Kept != ""
		return nil // taken away after the last byte: what was received is that version, whole
	case err != nil:
		return err
	}
	if sameFingerprint(*f, entry) {
		return nil
	}
	return changedWhileRead(*f, entry)
}

// readAsListed judges what the server says of the open file, of which all bytes were read: only that tells which version
// they are, if its name leads nowhere any more. A server that gives open files other times than names, as is seen when a name
// still bears what was listed, is not believed in this.
func (r *importRun) readAsListed(ctx context.Context, f job.File, read job.Entry) error {
	if r.readOnce || read.Size < 0 || sameFingerprint(f, read) || no(r.remote.Profile().Stat) {
		return nil
	}
	entry, err := r.remote.Stat(ctx, source(f))
	switch {
	case refused(err):
		return nil
	case err == nil && sameFingerprint(f, entry):
		r.odd.Store(true)
		return nil
	case err == nil:
		return changedWhileRead(f, entry)
	case errors.Is(err, fs.ErrNotExist) && r.odd.Load():
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return tookItsPlace(f, read)
	}
	return err
}

// tookItsPlace is for a version that was never listed: it lay under the name when it was opened, and is gone from there.
func tookItsPlace(f job.File, read job.Entry) error {
	return &job.Reason{
		Slug: slugSizeChanged, What: "the file did not land",
		Cause: fmt.Sprintf("it was replaced before it was read and taken away meanwhile: %s listed, %s read", sizeAndTime(f.Size, f.ModTime), sizeAndTime(read.Size, read.ModTime)),
		Do:    "nothing, unless the customer expects it to be here: what nobody saw quiet may be a part of a file", Who: job.WhoCustomer,
	}
}

// sizeAndTime tells versions of a file apart. A server may tell no time.
func sizeAndTime(size, modTime int64) string {
	if modTime == 0 {
		return bytes(size)
	}
	return bytes(size) + " of " + time.Unix(modTime, 0).UTC().Format("2006-01-02 15:04:05Z")
}

func changedWhileRead(f job.File, after job.Entry) error {
	return &job.Reason{
		Slug: slugSizeChanged, What: "the file did not land",
		Cause: fmt.Sprintf("it changed while it was read: %s before, %s after", sizeAndTime(f.Size, f.ModTime), sizeAndTime(after.Size, after.ModTime)),
		Do:    "nothing: the next run that finds it quiet takes it; ask the customer to upload under another name and rename", Who: job.WhoCustomer,
	}
}
