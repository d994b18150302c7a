package transfer

import (
	"context"
	"encoding/binary"
	"hash/maphash"
	"slices"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// resting are the rows of a job of which a listing that shows their sources as they are says nothing new. They are read while
// the server begins to list, and dropped one by one as their names come: what is left was not listed as it was.
//
// A source is known by a hash of sixty-four bits, so that a row takes sixteen bytes. A new version that has the hash of another
// row is overlooked until the next run, which hashes with another seed.
type resting struct {
	folder string // what the paths of the listed folder begin with
	seed   maphash.Seed
	text   []byte // that is hashed
	rows   map[uint64]int64
	others []int64 // present rows that do not rest
	cancel context.CancelFunc
	read   chan struct{} // closed when they are all there, or not to be had for err
	err    error
}

// readResting begins to read the rows; stop ends that.
func (r *frame) readResting(ctx context.Context) *resting {
	ctx, cancel := context.WithCancel(ctx)
	s := &resting{folder: naming.Join(r.dir, ""), seed: maphash.MakeSeed(), rows: map[uint64]int64{}, cancel: cancel, read: make(chan struct{})}
	go func() {
		defer close(s.read)
		s.err = guarded(func() error { return ledgerReason(r.ledger.Standing(ctx, r.spec.Name, s.add)) })
	}()
	return s
}

// ready says whether wait would not wait.
func (s *resting) ready() bool {
	select {
	case <-s.read:
		return true
	default:
		return false
	}
}

func (s *resting) wait() error {
	<-s.read
	return s.err
}

// stop is for the end of a look, however it came.
func (s *resting) stop() {
	s.cancel()
	<-s.read
}

func (s *resting) add(row job.Standing) error {
	if !row.AtRest {
		s.others = append(s.others, row.ID)
		return nil
	}
	n := len(s.folder)
	if len(row.Path) < n || string(row.Path[:n]) != s.folder {
		return nil // of a folder that the job does not read any more: this listing says nothing of it
	}
	key := hashed(s, row.Path[n:], row.Size, row.ModTime)
	if twin, there := s.rows[key]; there {
		delete(s.rows, key)
		s.others = append(s.others, twin, row.ID)
		return nil
	}
	s.rows[key] = row.ID
	return nil
}

// drop says whether the entry is the source of a row at rest, as it was; a second one of the name is not.
func (s *resting) drop(entry job.Entry) bool {
	key := hashed(s, entry.Name, entry.Size, entry.ModTime)
	_, there := s.rows[key]
	delete(s.rows, key)
	return there
}

// left gives the rows that a listing has to say something of, oldest first.
func (s *resting) left() []int64 {
	ids := slices.Clone(s.others)
	for _, id := range s.rows {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func hashed[T ~string | ~[]byte](s *resting, name T, size, modTime int64) uint64 {
	s.text = binary.NativeEndian.AppendUint64(s.text[:0], uint64(size))
	s.text = binary.NativeEndian.AppendUint64(s.text, uint64(modTime))
	s.text = append(s.text, name...)
	return maphash.Bytes(s.seed, s.text)
}
