package transfer

import (
	"fmt"
	"sync"

	"github.com/haulier/haulier/job"
)

// space keeps files from being begun that the disk cannot hold.
type space struct {
	disk interface{ Free() (int64, error) }
	keep int64 // bytes to leave free
	dir  string

	mu       sync.Mutex
	reserved int64 // for files that are under way
}

// reserve sets bytes aside before the first byte of a file is asked for.
func (s *space) reserve(need int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, err := s.disk.Free()
	if err != nil {
		return err
	}
	if free-s.reserved-need < s.keep {
		return &job.Reason{
			Slug: "local.no_space",
			Cause: fmt.Sprintf("the file needs %s on %s, %s are free, %s of them set aside for others, and %s must stay free",
				bytes(need), s.dir, bytes(free), bytes(s.reserved), bytes(s.keep)),
			Do: "free space or move the folder to a larger disk; the next run tries again", Who: job.WhoUs,
		}
	}
	s.reserved += need
	return nil
}

func (s *space) release(need int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved -= need
}

// opened is how many times its size a PGP file is expected to need when it is opened: itself and up to three times that.
const opened = 4
