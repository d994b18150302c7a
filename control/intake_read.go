package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"syscall"

	"github.com/haulier/haulier/job"
)

// receive writes a file into the stage, durably.
func (w *intaking) receive(ctx context.Context) (Put, error) {
	if err := w.room(max(w.Size, 0)); err != nil {
		return Put{}, err
	}
	file, err := w.create(w.staged)
	if err != nil {
		return Put{}, err
	}
	put, err := w.read(&roomy{Writer: file, ctx: ctx, room: w.room})
	err = errors.Join(err, file.Close())
	if errors.Is(err, syscall.ENOSPC) {
		return Put{}, w.noSpace("the disk is full")
	}
	if err != nil {
		return Put{}, err
	}
	return put, w.outbox.Sync()
}

// read reads the file that is sent, up to what the job takes.
func (w *intaking) read(into io.Writer) (Put, error) {
	most, sum := w.spec.Limits.MaxFileSize, sha256.New()
	if w.Size > most {
		return Put{}, w.tooLarge()
	}
	n, err := io.Copy(io.MultiWriter(into, sum), io.LimitReader(w.Body, most+1))
	switch {
	case err != nil:
		return Put{}, fmt.Errorf("read the file that is sent: %w", err)
	case n > most:
		return Put{}, w.tooLarge()
	case n == 0 && !w.spec.Export.AllowEmpty:
		return Put{}, &job.Reason{Slug: "content.empty", What: nothingPut, Cause: "it has no bytes, and the job takes no empty files", Do: "send the file; allow_empty in the configuration takes empty ones", Who: job.WhoUs}
	}
	return Put{Job: w.spec.Name, Name: w.Name, Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

func (w *intaking) tooLarge() error {
	return &job.Reason{Slug: "content.too_large", What: nothingPut, Cause: fmt.Sprintf("it is larger than the %d bytes that the job takes", w.spec.Limits.MaxFileSize),
		Do: "send it in parts, or raise limits.max_file_size", Who: job.WhoUs}
}

func (w *intaking) noSpace(why string) error {
	return &job.Reason{Slug: "local.no_space", What: nothingPut, Cause: why, Do: "free space on the disk of the outbox, and ask again", Who: job.WhoUs, Temporary: true}
}

// room says why so many bytes more may not be written; nil: they may.
func (w *intaking) room(need int64) error {
	free, err := w.outbox.Free()
	if err != nil || free-need >= w.spec.Limits.MinFreeSpace {
		return err
	}
	return w.noSpace(fmt.Sprintf("%d bytes are free on the disk of the outbox, the file needs %d more, and %d must stay free", free, need, w.spec.Limits.MinFreeSpace))
}

// roomy writes as long as there is room, and somebody waits for it.
type roomy struct {
	io.Writer
	ctx     context.Context
	room    func(need int64) error
	written int64
}

// roomEach is how often the disk is looked at, in bytes.
const roomEach = 16 << 20

func (r *roomy) Write(b []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	if before := r.written / roomEach; (r.written+int64(len(b)))/roomEach > before {
		if err := r.room(int64(len(b))); err != nil {
			return 0, err
		}
	}
	n, err := r.Writer.Write(b)
	r.written += int64(n)
	return n, err
}
