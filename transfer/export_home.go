package transfer

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/haulier/haulier/job"
)

// goOn takes a claimed row to its end in the outbox where its source lies, which from.dir may not name any more: in another one
// it would look as if somebody had taken it away. Only recovery does so, which is one row at a time.
func (r *exportRun) goOn(ctx context.Context, f *job.File, seq int, moved *int64) error {
	dir := filepath.Dir(f.Path)
	if dir == r.dir {
		return r.goOnFrom(ctx, f, seq, moved)
	}
	outbox, err := r.Outbox(dir)
	if errors.Is(err, fs.ErrNotExist) {
		outbox, err = goneOutbox{}, nil
	}
	if err != nil {
		return outboxReason(dir, err)
	}
	now, nowDir := r.outbox, r.dir
	r.outbox, r.dir = outbox, dir
	defer func() { r.outbox, r.dir = now, nowDir }()
	return r.goOnFrom(ctx, f, seq, moved)
}

// goneOutbox is a folder that is not there any more: nothing lies in it. What is sealed already can still be sent.
type goneOutbox struct{}

func (goneOutbox) List(context.Context, func(job.Entry) error) error { return nil }

func (goneOutbox) Open(string) (io.ReadCloser, job.Entry, error) {
	return nil, job.Entry{}, fs.ErrNotExist
}

func (goneOutbox) Stat(string) (job.Entry, error) { return job.Entry{}, fs.ErrNotExist }

func (goneOutbox) Remove(string) error { return nil }

func (goneOutbox) Move(string, string, string) error { return fs.ErrNotExist }
