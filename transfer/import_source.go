package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

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
// they are, if its name leads nowhere any more. A server that gives open files other times than names is not believed
// while the name still bears what was listed.
func (r *importRun) readAsListed(ctx context.Context, f job.File, read job.Entry) error {
	if r.readOnce || read.Size < 0 || sameFingerprint(f, read) {
		return nil
	}
	entry, err := r.remote.Stat(ctx, source(f))
	switch {
	case err == nil && sameFingerprint(f, entry), errors.Is(err, fs.ErrPermission):
		return nil
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return changedWhileRead(f, read)
	}
	return err
}

func changedWhileRead(f job.File, after job.Entry) error {
	return &job.Reason{
		Slug: slugSizeChanged, What: "the file did not land",
		Cause: fmt.Sprintf("it changed while it was read: %s before, %s after", bytes(f.Size), bytes(after.Size)),
		Do:    "nothing: the next run that finds it quiet takes it; ask the customer to upload under another name and rename", Who: job.WhoCustomer,
	}
}
