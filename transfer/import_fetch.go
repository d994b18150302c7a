package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// keepsReceived says whether the bytes as received are a file of their own: for the archive, and on servers that give
// a file only once. Then a crash after C7 opens them again; otherwise C7 and C8 are one step, and a crash fetches again.
func (r *importRun) keepsReceived() bool { return r.want.Archive != nil || r.readOnce }

// fetchAndOpen is C5 to C8. It gives the staged name of the opened file, whole and on the disk. Messages that may have
// been caught half-written get one more fetch, once for each version of the file.
func (r *importRun) fetchAndOpen(ctx context.Context, f *job.File, moved *int64) (string, error) {
	name, err := r.fetchOnce(ctx, f, moved)
	if err == nil || f.Refetched || r.readOnce || r.Refetch == nil || !r.Refetch(err) {
		return name, err
	}
	f.Refetched = true
	if err := r.advance(ctx, f, job.StepSeen); err != nil {
		return "", err
	}
	return r.fetchOnce(ctx, f, moved)
}

func (r *importRun) fetchOnce(ctx context.Context, f *job.File, moved *int64) (string, error) {
	if r.keepsReceived() {
		if err := r.fetchReceived(ctx, f, moved); err != nil {
			return "", err
		}
		return r.openReceived(ctx, f)
	}
	if r.opener == nil {
		return r.fetchPlain(ctx, f, moved)
	}
	return r.fetchOpening(ctx, f, moved)
}

// fetchPlain is C5 to C8 for files that are taken as they come: what is received is the result.
func (r *importRun) fetchPlain(ctx context.Context, f *job.File, moved *int64) (string, error) {
	target, err := r.newOpening(f)
	if err != nil {
		return "", err
	}
	err = r.get(ctx, f, target, moved, func(read job.Entry) error { return r.readAsListed(ctx, *f, read) })
	f.Received = target.sum.digest()
	return r.endFetch(ctx, f, target, err)
}

// endFetch makes durable what was fetched and opened, if all went well and the source is still what it was.
func (r *importRun) endFetch(ctx context.Context, f *job.File, target *opening, err error) (string, error) {
	name, err := target.end(f, err)
	if err != nil {
		return "", err
	}
	if err := r.unchangedSource(ctx, f); err != nil {
		return "", errors.Join(err, r.landing.Remove(name))
	}
	return name, nil
}

// fetchReceived is C5 to C7 for bytes that are kept: the row says downloaded before the server is told CLOSE.
func (r *importRun) fetchReceived(ctx context.Context, f *job.File, moved *int64) error {
	name := staged(f.ID, f.Fence, stagedReceived)
	file, err := r.create(name)
	if err != nil {
		return err
	}
	sum := newMeter()
	closed := false
	err = r.get(ctx, f, io.MultiWriter(file, sum), moved, func(read job.Entry) error {
		if err := r.readAsListed(ctx, *f, read); err != nil {
			return err
		}
		closed = true
		if err := failpoint.Around("C6", func() error { return errors.Join(file.Close(), r.landing.Sync()) }); err != nil {
			return err
		}
		next := *f // only a row that could be written has spent the source: else CLOSE is not sent
		next.Received, next.Kept, next.Spent = sum.digest(), name, r.readOnce
		err := r.advance(ctx, &next, job.StepDownloaded) // C7
		if err == nil {
			*f = next
		}
		return err
	})
	if err != nil && !closed {
		return errors.Join(err, file.Close(), r.landing.Remove(name))
	}
	if err != nil {
		return err
	}
	return r.unchangedSource(ctx, f)
}

// openReceived is C8 from bytes that lie in the stage.
func (r *importRun) openReceived(ctx context.Context, f *job.File) (string, error) {
	file, _, err := r.landing.Open(f.Kept)
	if err != nil {
		return "", err
	}
	defer file.Close()
	target, err := r.newOpening(f)
	if err != nil {
		return "", err
	}
	r.tell(job.Progress{File: f.ID, Name: r.shown(*f), Stage: job.StageDecrypt, Total: f.Size})
	return target.end(f, target.open(ctx, r.opener, file))
}

// fetchOpening is C5 to C8 in one pass: what is received is opened at once and only the result is written.
func (r *importRun) fetchOpening(ctx context.Context, f *job.File, moved *int64) (string, error) {
	target, err := r.newOpening(f)
	if err != nil {
		return "", err
	}
	received := newMeter()
	getErr, openErr := piped(f.Size, func(w io.Writer) error {
		return r.get(ctx, f, io.MultiWriter(received, w), moved, func(read job.Entry) error { return r.readAsListed(ctx, *f, read) })
	}, func(src io.Reader) error { return target.open(ctx, r.opener, src) })
	f.Received = received.digest()
	return r.endFetch(ctx, f, target, first(openErr, getErr))
}

// first prefers what the content says over the broken pipe that this led to on the wire; an error of the wire reaches
// the opener word for word, so that it is not hidden.
func first(openErr, getErr error) error {
	if openErr != nil {
		return openErr
	}
	return getErr
}

// get asks the server for the file's bytes and counts the request. Nobody need be told when they are all there.
func (r *importRun) get(ctx context.Context, f *job.File, dst io.Writer, moved *int64, committed func(job.Entry) error) error {
	began := time.Now()
	shown := &progressWriter{to: dst, tell: func(n int64) {
		r.tell(job.Progress{File: f.ID, Name: r.shown(*f), Stage: job.StageDownload, Done: n, Total: f.Size})
	}}
	safely := committed
	if committed != nil {
		safely = func(read job.Entry) error { return guarded(func() error { return committed(read) }) }
	}
	var n int64
	err := failpoint.Around("C5", func() (err error) {
		n, err = r.remote.Get(ctx, source(*f), f.Size, shown, safely)
		return err
	})
	*moved += n
	r.moved(job.Download, n)
	var failure *job.Reason
	if n != f.Size {
		failure = ended(ctx, err)
	}
	r.log(ctx, r.counted(*f, job.Download, r.want.Location, n, began, failure))
	return err
}

// opening writes the opened file and takes its hash.
type opening struct {
	run      *importRun
	name     string
	file     io.WriteCloser
	expected int64 // bytes, about
	sum      *meter
	env      *job.Envelope
}

func (r *importRun) newOpening(f *job.File) (*opening, error) {
	name := staged(f.ID, f.Fence, stagedOpened)
	file, err := r.create(name)
	if err != nil {
		return nil, err
	}
	return &opening{run: r, name: name, file: file, expected: f.Size, sum: newMeter()}, nil
}

// create makes a staged file anew. One of the same name can only be left by this very attempt, which is trying again.
func (r *importRun) create(name string) (io.WriteCloser, error) {
	if err := r.landing.Remove(name); err != nil {
		return nil, err
	}
	return r.landing.Create(name)
}

// Write adds to the opened file.
func (o *opening) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	_, _ = o.sum.Write(p[:n])
	return n, err
}

// open copies src into the opened file, out of its PGP message where the job says so.
func (o *opening) open(ctx context.Context, opener Opener, src io.Reader) error {
	if opener == nil {
		_, err := io.Copy(o, src)
		return err
	}
	return behind(o, o.expected, func(w io.Writer) error {
		envelope, err := opener.Open(ctx, w, src)
		o.env = &envelope
		return err
	})
}

// end makes the opened file durable (C8), or removes it.
func (o *opening) end(f *job.File, err error) (string, error) {
	err = errors.Join(err, failpoint.Around("C8", o.file.Close))
	if err != nil {
		return "", errors.Join(err, o.run.landing.Remove(o.name))
	}
	f.Plain, f.Envelope = o.sum.digest(), o.env
	return o.name, nil
}

// meter counts bytes and takes their SHA-256.
type meter struct {
	hash.Hash
	n int64
}

func newMeter() *meter { return &meter{Hash: sha256.New()} }

func (m *meter) Write(p []byte) (int, error) {
	m.n += int64(len(p))
	return m.Hash.Write(p)
}

func (m *meter) digest() job.Digest {
	return job.Digest{Size: m.n, SHA256: hex.EncodeToString(m.Sum(nil))}
}

// progressEvery is how many bytes lie between two signs of life of one file.
const progressEvery = 1 << 20

// progressWriter tells now and then how far a file has come.
type progressWriter struct {
	to   io.Writer
	n    int64
	told int64
	tell func(n int64)
}

// Write is called from inside a session, which others use too: no panic goes through it.
func (p *progressWriter) Write(b []byte) (n int, err error) {
	err = guarded(func() (err error) {
		n, err = p.to.Write(b)
		p.n += int64(n)
		if p.n-p.told >= progressEvery || p.told == 0 {
			p.told = p.n
			p.tell(p.n)
		}
		return err
	})
	return n, err
}

// landName is the name under which a file lands, rendered once and checked: part of it came from outside.
func (r *importRun) landName(f *job.File, seq int) (string, error) {
	if f.Final != "" {
		return f.Final, nil
	}
	rendered := r.naming.Render(naming.Values{Name: r.name(*f), At: r.at, Run: r.run.ID, Seq: seq})
	if err := naming.Check(rendered); err != nil {
		return "", &decision{job.FileRejected, &job.Reason{
			Slug: "remote.unsafe_name", What: "the file did not land",
			Cause: fmt.Sprintf("it would land as %s: %v", naming.Printable(rendered, 200), err), Do: "correct to.name, or ask the customer to rename the file", Who: job.WhoBoth,
		}}
	}
	return rendered, nil
}
