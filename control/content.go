package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
)

// FileReader reads rows of the ledger.
type FileReader interface {
	File(ctx context.Context, id int64) (job.File, error)
}

// Content is a file that landed, as it lies there, or the copy of what was received.
type Content struct {
	Name   string
	Digest job.Digest // as the ledger has it
	// Body gives the bytes, which are compared with Digest: the last of them only once all are known to be right. Whoever reads
	// other bytes gets an error in place of an end.
	Body io.ReadCloser
}

// OpenContent opens what a file of the ledger landed as, or the copy as it was received.
func OpenContent(ctx context.Context, book FileReader, id int64, received bool) (Content, error) {
	f, err := book.File(ctx, id)
	if err != nil {
		return Content{}, fmt.Errorf("file %d: %w", id, err)
	}
	place, c, err := placeOf(f, received)
	if err != nil {
		return Content{}, err
	}
	file, size, err := local.OpenKept(place)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Content{}, contentGone(f, received)
	case errors.Is(err, local.ErrNoFile):
		return Content{}, contentChanged(f, "no regular file has its name")
	case err != nil:
		return Content{}, &job.Reason{Slug: "local.permission", What: fmt.Sprintf("file %d was not given out", id), Cause: "it cannot be opened",
			Do: "look at the rights of its folder", Who: job.WhoUs, Technical: err.Error(), Err: err}
	case size != c.Digest.Size:
		return Content{}, errors.Join(contentChanged(f, fmt.Sprintf("it has %d bytes, and had %d", size, c.Digest.Size)), file.Close())
	}
	c.Body = &proven{file: file, want: c.Digest, sum: sha256.New(), wrong: func(why string) error { return contentChanged(f, why) }}
	return c, nil
}

// placeOf says where the bytes of a file are, and what they are.
func placeOf(f job.File, received bool) (place string, c Content, err error) {
	c = Content{Name: f.Final, Digest: f.Plain}
	place = f.Local
	landed := f.Type == job.TypeImport && f.State == job.FileLanded && place != ""
	if received {
		c, place = Content{Name: path.Base(f.Path), Digest: f.Received}, f.Archived
		landed = f.Type == job.TypeImport && place != "" && f.Kept == "" // made once what was kept of it has moved there
	}
	switch {
	case !landed && received:
		return "", c, &job.Reason{Slug: "content.not_kept", What: fmt.Sprintf("file %d was not given out", f.ID), Cause: "no copy of it as it was received is kept",
			Do: "ask for the landed file, without as=received; archive in the configuration keeps copies of those to come", Who: job.WhoUs, Err: job.ErrNotFound}
	case !landed:
		return "", c, &job.Reason{Slug: "content.not_landed", What: fmt.Sprintf("file %d was not given out", f.ID), Cause: "it is no import that has landed",
			Do: fmt.Sprintf("GET /api/v1/files/%d says how it stands", f.ID), Who: job.WhoUs, Err: job.ErrStale}
	case c.Digest.SHA256 == "":
		return "", c, contentChanged(f, "the ledger does not know its hash: a person said that it landed")
	}
	return place, c, nil
}

func contentGone(f job.File, received bool) error {
	r := &job.Reason{Slug: "content.taken", What: fmt.Sprintf("file %d was not given out", f.ID), Cause: "it was taken from its landing, or removed there",
		Do: "ask whoever takes files from there; as=received asks for the copy as received, where the job keeps one", Who: job.WhoUs, Err: job.ErrGone}
	if received {
		r.Cause, r.Do = "the copy of it is not in the archive any more: keep_for is over, or somebody removed it", "ask the customer for the file, if it is needed"
	}
	return r
}

func contentChanged(f job.File, why string) error {
	return &job.Reason{Slug: "content.changed", What: fmt.Sprintf("file %d was not given out", f.ID), Cause: "what lies there is not what the ledger knows: " + why,
		Do: "ask whoever may write in that folder", Who: job.WhoUs, Err: job.ErrStale}
}

// proven reads ahead of who reads it, so that the end is given only when all was right.
type proven struct {
	file  io.ReadCloser
	want  job.Digest
	sum   hash.Hash
	wrong func(why string) error

	ahead [32 << 10]byte
	ready []byte // of ahead, given next
	read  int64
}

func (p *proven) Read(into []byte) (int, error) {
	if len(p.ready) == 0 {
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(into, p.ready)
	p.ready = p.ready[n:]
	return n, nil
}

// next reads the next piece. The last one is held back until the sum is known.
func (p *proven) next() error {
	if p.read == p.want.Size && p.read > 0 {
		return io.EOF // it was judged with the last piece
	}
	n, err := io.ReadFull(p.file, p.ahead[:])
	_, _ = p.sum.Write(p.ahead[:n])
	p.read += int64(n)
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case err != nil && !ended:
		return err
	case p.read > p.want.Size, ended && p.read < p.want.Size:
		return p.wrong("its size changed while it was read")
	case p.read == p.want.Size && hex.EncodeToString(p.sum.Sum(nil)) != p.want.SHA256:
		return p.wrong("its sha256 is another")
	case n == 0:
		return io.EOF
	}
	p.ready = p.ahead[:n]
	return nil
}

func (p *proven) Close() error { return p.file.Close() }
