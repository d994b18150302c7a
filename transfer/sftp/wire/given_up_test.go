package wire_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

// slowDisk takes its time: whenever it is asked again, all that was asked for is there. It gives the copy up at its first byte.
type slowDisk struct {
	cancel context.CancelFunc
	writes int
}

func (d *slowDisk) Write(p []byte) (int, error) {
	d.cancel()
	d.writes++
	synctest.Wait()
	return len(p), nil
}

// A copy that is given up ends, however quick the server is.
func TestACopyIsGivenUpAlthoughAnswersAreThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := (&peer{data: content(20 << 20)}).mustDial(t)
		ctx, cancel := context.WithCancel(t.Context())
		d := &slowDisk{cancel: cancel}
		if _, err := c.Get(ctx, "f", 20<<20, d, wire.GetOptions{}); !errors.Is(err, context.Canceled) || d.writes > 2 {
			t.Errorf("%v behind %d writes", err, d.writes)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		p := &peer{}
		for range 500 {
			p.listing = append(p.listing, names("a"))
		}
		c, _ := p.mustDial(t)
		ctx, cancel := context.WithCancel(t.Context())
		d := &slowDisk{cancel: cancel}
		err := c.List(ctx, "d", wire.ListOptions{}, func(job.Entry) error { _, err := io.WriteString(d, "a"); return err })
		if !errors.Is(err, context.Canceled) || d.writes > 2 {
			t.Errorf("listing: %v behind %d names", err, d.writes)
		}
	})
}
