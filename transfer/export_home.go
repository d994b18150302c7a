package transfer

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/haulier/haulier/job"
)

// goOn takes a claimed row to its end in the outbox where its source lies, which from.dir may not name any more: in another one
// it would look as if somebody had taken it away.
func (r *exportRun) goOn(ctx context.Context, f *job.File, seq int, moved *int64) error {
	if r.lies(*f) {
		return r.goOnFrom(ctx, f, seq, moved)
	}
	outbox, err := r.Outbox(folder(*f))
	if errors.Is(err, fs.ErrNotExist) {
		outbox, err = goneOutbox{}, nil
	}
	if err != nil {
		return outboxReason(folder(*f), err)
	}
	there := *r
	there.outbox = outbox
	return there.goOnFrom(ctx, f, seq, moved)
}

func (r *exportRun) stageOf(job.File) Stage { return r.stage }

func (r *exportRun) stages() []Stage { return []Stage{r.stage} }

// goneOutbox is a folder that is not there any more: nothing lies in it. What is sealed already can still be sent.
type goneOutbox struct{}

func (goneOutbox) List(context.Context, func(job.Entry) error) error { return nil }

func (goneOutbox) Open(string) (io.ReadCloser, job.Entry, error) {
	return nil, job.Entry{}, fs.ErrNotExist
}

func (goneOutbox) Stat(string) (job.Entry, error) { return job.Entry{}, fs.ErrNotExist }

func (goneOutbox) Remove(string) error { return nil }

func (goneOutbox) Move(string, string, string) error { return fs.ErrNotExist }
