package transfer

import (
	"context"
	"slices"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// resting reads the rows of a job while the server begins to list. A listing that shows the source of a row at rest as it was
// says nothing new of it: the ledger is not asked about it again.
type resting struct {
	folder string  // what the paths of the listed folder begin with
	others []int64 // present rows that are not at rest
	cancel context.CancelFunc
	read   chan struct{} // closed when the rows are all read, or not to be had for err
	err    error
}

// readResting begins to read the rows into names, which are its own until wait has returned; stop ends that.
func (r *frame) readResting(ctx context.Context, names *nameSet) *resting {
	ctx, cancel := context.WithCancel(ctx)
	s := &resting{folder: naming.Join(r.dir, ""), cancel: cancel, read: make(chan struct{})}
	go func() {
		defer close(s.read)
		s.err = guarded(func() error {
			return ledgerReason(r.ledger.Standing(ctx, r.spec.Name, func(row job.Standing) error {
				s.add(names, row)
				return nil
			}))
		})
	}()
	return s
}

func (s *resting) add(names *nameSet, row job.Standing) {
	name, in := cutFolder(row.Path, s.folder)
	switch {
	case !row.AtRest:
		s.others = append(s.others, row.ID)
	case !in: // of a folder that the job does not read any more: this listing says nothing of it
	case !names.expect(name, row):
		s.others = append(s.others, row.ID)
	}
}

func cutFolder(path []byte, folder string) (name []byte, in bool) {
	if n := len(folder); len(path) >= n && string(path[:n]) == folder {
		return path[n:], true
	}
	return nil, false
}

// ready says whether wait would not wait. A plan reads no rows at once: it says something of each name.
func (s *resting) ready() bool {
	if s == nil {
		return true
	}
	select {
	case <-s.read:
		return true
	default:
		return false
	}
}

func (s *resting) wait() error {
	if s == nil {
		return nil
	}
	<-s.read
	return s.err
}

// stop is for the end of a look, however it came.
func (s *resting) stop() {
	s.cancel()
	<-s.read
}

// left gives the rows of which the listing has to say something, oldest first.
func (s *resting) left(names *nameSet) []int64 {
	ids := append(names.missing(), s.others...)
	slices.Sort(ids)
	return ids
}
