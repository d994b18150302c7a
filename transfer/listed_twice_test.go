package transfer_test

import (
	"context"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// listsTwice is a session whose server lists a name twice, and that fetches it when rows were read twice.
type listsTwice struct {
	transfer.Carrier
	name  string
	again chan struct{}
	gets  atomic.Int32
}

func (c *listsTwice) List(ctx context.Context, dir string, limit int, each func(job.Entry) error) error {
	return c.Carrier.List(ctx, dir, limit, func(e job.Entry) error {
		if e.Name == c.name {
			if err := each(e); err != nil {
				return err
			}
		}
		return each(e)
	})
}

func (c *listsTwice) Get(ctx context.Context, name string, size int64, dst io.Writer, before func(job.Entry) error) (int64, error) {
	if path.Base(name) == c.name {
		c.gets.Add(1)
		select {
		case <-c.again:
		case <-ctx.Done():
		}
	}
	return c.Carrier.Get(ctx, name, size, dst, before)
}

// second is a ledger that reads the rows of the second lot when the last file of the first is under way.
type second struct {
	steppedLedger
	twice *listsTwice
}

func (l *second) Known(ctx context.Context, name string, paths []string) (map[string]job.File, error) {
	rows, err := l.steppedLedger.Known(ctx, name, paths)
	if len(rows) == 0 || path.Base(paths[len(paths)-1]) != "500.csv" {
		return rows, err
	}
	for l.twice.gets.Load() == 0 {
		runtime.Gosched()
	}
	rows, err = l.steppedLedger.Known(ctx, name, paths)
	close(l.twice.again)
	return rows, err
}

// Rows are read for 500 names at a time, while those before them are under way: a name that is listed twice, and is the last of one lot
// and the first of the next, has one mover all the same.
func TestANameThatIsListedTwiceIsFetchedOnce(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(nil)
	for i := range 501 {
		put(t, filepath.Join(b.remote("out"), fmt.Sprintf("%03d.csv", i)), fmt.Sprint("content ", i))
	}
	twice := &listsTwice{name: "499.csv", again: make(chan struct{})}
	ledger := &second{steppedLedger{b.store, new([]string)}, twice}
	result := b.doBetween(between{ledger: ledger, remote: func(c transfer.Carrier) transfer.Carrier { twice.Carrier = c; return twice }})
	if result.Reason != nil || result.Counts.OK != 501 || twice.gets.Load() != 1 {
		t.Errorf("fetched %d times, %+v, %v", twice.gets.Load(), result.Counts, result.Reason)
	}
}
