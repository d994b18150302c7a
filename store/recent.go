package store

import (
	"sync"

	"github.com/haulier/haulier/job"
)

// recentMost is how many rows are remembered.
const recentMost = 1024

// recent remembers rows as they were written last, so that the next step of a file under way need not read its row again. It may be
// out of date: a write that starts from it has to find the row as it is remembered.
type recent struct {
	mu   sync.Mutex
	rows map[int64]fileRow
}

// row gives the row that f was read from.
func (r *recent) row(f job.File) (fileRow, bool) {
	if r == nil {
		return fileRow{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	row, known := r.rows[f.ID]
	return row, known && row.Touched == f.Touched && row.Fence == f.Fence
}

// wrote remembers a row that is on disk, and forgets one that is done.
func (r *recent) wrote(row fileRow) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.rows, row.ID)
	if row.Step == string(job.StepDone) {
		return
	}
	for other := range r.rows { // any one: it is read again
		if len(r.rows) < recentMost {
			break
		}
		delete(r.rows, other)
	}
	if r.rows == nil {
		r.rows = map[int64]fileRow{}
	}
	r.rows[row.ID] = row
}
