package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// collect is X1: the final name is rendered, once and for ever: a name with a date in it, rendered again by a retry on the
// next day, would be a second file. The content is read and hashed here only where something depends on it; else its hash is
// taken when it is sealed or sent.
func (r *exportRun) collect(ctx context.Context, f *job.File, seq int) error {
	former, compared, err := r.former(ctx, *f)
	if err != nil {
		return err
	}
	f.Plain = job.Digest{}
	// Where files are taken at CLOSE, one whose answer is lost may count as delivered: the row has to say what it was.
	if compared || r.way.sweeps {
		err = r.hashSource(ctx, f)
	} else {
		err = r.seeSource(f)
	}
	if err != nil {
		return err
	}
	if compared && former.Plain.SHA256 == f.Plain.SHA256 {
		return r.sentBefore(former)
	}
	if f.Final == "" {
		if err := r.nameFinal(f, seq); err != nil {
			return err
		}
	}
	if r.snapshots() {
		return r.advance(ctx, f, job.StepQueued)
	}
	return r.pass(f, job.StepQueued)
}

func (r *exportRun) hashSource(ctx context.Context, f *job.File) error {
	sum := newMeter()
	err := r.readSource(ctx, f, sum)
	f.Plain = sum.digest()
	return err
}

// nameFinal renders the names that the customer will see, and refuses what is no name before anything is sent.
func (r *exportRun) nameFinal(f *job.File, seq int) error {
	final := r.naming.Render(naming.Values{Name: r.name(*f), At: r.at, Run: r.run.ID, Seq: seq})
	if err := naming.Check(final); err != nil {
		return unsafeName("its final name", final, err, "to.name")
	}
	named := *f
	named.Final = naming.Join(r.want.Dir, final)
	if err := r.nameMarker(&named); err != nil {
		return err
	}
	*f = named
	return nil
}

// nameMarker renders the name of the done-file, where the job asks for one.
func (r *exportRun) nameMarker(f *job.File) error {
	if r.marker == nil {
		return nil
	}
	name := r.marker.Render(naming.Values{Name: path.Base(f.Final), At: r.at, Run: r.run.ID})
	if err := naming.Check(name); err != nil {
		return unsafeName("its done-file", name, err, "to.done_file")
	}
	f.Marker = naming.Join(path.Dir(f.Final), name)
	return nil
}

func unsafeName(what, name string, err error, key string) error {
	return &decision{job.FileRejected, &job.Reason{
		Slug:  "local.unsafe_name",
		Cause: fmt.Sprintf("%s would be %s: %v", what, naming.Printable(name, 200), err), Do: "rename the file, or correct " + key, Who: job.WhoUs,
	}}
}

// copyMost is how much of a source is copied at once. A small one gets no more memory than it needs.
const copyMost = 32 << 10

// readSource copies the source to dst and makes sure that it is the version of the row, before and after.
func (r *exportRun) readSource(ctx context.Context, f *job.File, dst io.Writer) error {
	file, err := r.openSource(f)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.CopyBuffer(dst, &cancellable{ctx, file}, make([]byte, min(f.Size+1, copyMost))); err != nil {
		return err
	}
	return r.unchanged(f)
}

// openSource opens the source, which has to be the version of the row.
func (r *exportRun) openSource(f *job.File) (io.ReadCloser, error) {
	file, entry, err := r.outbox.Open(r.name(*f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, withdrawn()
	}
	if err == nil && !sameVersion(*f, entry) {
		err = errors.Join(changed(), file.Close())
	}
	return file, err
}

// seeSource makes sure that the source can be read.
func (r *exportRun) seeSource(f *job.File) error {
	file, err := r.openSource(f)
	if err != nil {
		return err
	}
	return file.Close()
}

// unchanged makes sure that a source that was read to its end is still the version of the row.
func (r *exportRun) unchanged(f *job.File) error {
	after, err := r.outbox.Stat(r.name(*f))
	if err != nil || !sameVersion(*f, after) {
		return changed()
	}
	return nil
}

// cancellable is a reader that ends with its context.
type cancellable struct {
	ctx context.Context
	io.Reader
}

func (c *cancellable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.Reader.Read(p)
}

func sameVersion(f job.File, entry job.Entry) bool {
	return entry.Kind == job.KindFile && entry.Size == f.Size && entry.ModTime == f.ModTime
}

// changed gives a source that is still being written back to the next look.
func changed() error {
	return &decision{job.FileHeld, &job.Reason{
		Slug: slugSizeChanged, What: "the file was not sent", Cause: "it changed while it was read",
		Do: "nothing: the next run that finds it quiet sends it; write under another name and rename", Who: job.WhoUs,
	}}
}

func withdrawn() *decision {
	return &decision{job.FileSkipped, &job.Reason{
		Slug: "local.withdrawn", What: "the file was not sent", Cause: "it was taken out of the outbox again before it could be sent",
		Do: "nothing, unless the customer waits for it", Who: job.WhoUs,
	}}
}

// isFirst says whether the row cannot have a sibling: it is the first of its path, and on its first way through.
func isFirst(f job.File) bool { return f.Generation == 1 && f.Fence == 1 && f.Decided == 0 }

// former gives what was delivered last under the name of a source, if that decides whether it is sent.
func (r *exportRun) former(ctx context.Context, f job.File) (former job.File, compared bool, err error) {
	if r.want.Resend != job.ResendChanged || r.run.Force || isFirst(f) {
		return job.File{}, false, nil
	}
	former, compared, err = r.ledger.Former(ctx, f)
	return former, compared, ledgerReason(err)
}

// sentBefore skips a source whose content is what was delivered last under its name.
func (r *exportRun) sentBefore(former job.File) error {
	return &decision{job.FileSkipped, &job.Reason{
		Slug: "content.sent_before", What: "the file was not sent again",
		Cause: fmt.Sprintf("its content is what was delivered on %s as %s", dated(former.Ended, r.spec), naming.Printable(former.Final, 300)),
		Do:    "nothing, or set resend: always", Who: job.WhoUs,
	}}
}

// snapshots says whether what is sent lies in the stage first: PGP messages, which differ each time they are made, and
// everything that is written directly under its final name, because there a mistake cannot be taken back, and what a person looks at
// before it is sent.
func (r *exportRun) snapshots() bool { return r.sealer != nil || r.way.direct || r.watched.Load() }

// seal is X2: what will be sent lies whole in the stage, with its size and hash in the row.
func (r *exportRun) seal(ctx context.Context, f *job.File) error {
	if !r.snapshots() {
		f.Received, f.Stage = job.Digest{Size: f.Size, SHA256: f.Plain.SHA256}, ""
		return r.pass(f, job.StepSealed)
	}
	need := f.Size + f.Size/8 + 1<<16
	if err := r.space.reserve(need); err != nil {
		return err
	}
	defer r.space.release(need)
	r.tell(job.Progress{File: f.ID, Name: r.shown(*f), Stage: job.StageEncrypt, Total: f.Size})
	f.Stage = staged(f.ID, f.Fence, stagedSealed)
	if err := r.stage.Remove(f.Stage); err != nil {
		return err
	}
	file, err := r.stage.Create(f.Stage)
	if err != nil {
		return err
	}
	sent, plain := newMeter(), newMeter()
	err = r.sealInto(ctx, f, io.MultiWriter(file, sent), plain)
	if err = errors.Join(err, failpoint.Around("X2.stage", func() error { return errors.Join(file.Close(), r.stage.Sync()) })); err != nil {
		return errors.Join(err, r.stage.Remove(f.Stage))
	}
	if f.Plain.SHA256 != "" && plain.digest() != f.Plain {
		return errors.Join(changed(), r.stage.Remove(f.Stage))
	}
	f.Plain, f.Received = plain.digest(), sent.digest()
	return r.advance(ctx, f, job.StepSealed)
}

// sealInto reads, encrypts and writes at the same time.
func (r *exportRun) sealInto(ctx context.Context, f *job.File, dst io.Writer, plain *meter) error {
	if r.sealer == nil {
		return r.readSource(ctx, f, io.MultiWriter(dst, plain))
	}
	return behind(dst, f.Size, func(sealed io.Writer) error {
		message, err := r.sealer.Seal(ctx, sealed)
		if err != nil {
			return err
		}
		err = behind(message, f.Size, func(clear io.Writer) error { return r.readSource(ctx, f, io.MultiWriter(clear, plain)) })
		if err != nil {
			return err
		}
		return message.Close()
	})
}

// openSent gives the bytes to upload. What lies in the stage was hashed when it was made.
func (r *exportRun) openSent(ctx context.Context, f *job.File) (io.ReadCloser, error) {
	if f.Stage != "" {
		file, size, err := r.stage.Open(f.Stage)
		if err == nil && size != f.Received.Size {
			err = errors.Join(fmt.Errorf("the staged file has %d bytes, its row says %d", size, f.Received.Size), file.Close())
		}
		return file, err
	}
	return r.openSource(f)
}

// began is when a file's present attempt was claimed.
func began(f job.File) time.Time {
	if f.Began.IsZero() {
		return time.Now()
	}
	return f.Began
}
