package sftp_test

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A server that works in order and is slow about CLOSE is alive: what is asked behind many of them is not given up.
func TestRequestsBehindManySlowCloses(t *testing.T) {
	const files, pause = 60, 50 * time.Millisecond
	c := newCustomer(t, nil)
	c.conn.Timeouts.Operation, c.conn.Timeouts.Stall = files*pause/3, files*pause/3
	c.lay(t, "in.csv", []byte("0123456789"))
	s := open(t, c.pool, c.conn)
	if err := s.Mkdir(t.Context(), "/dir"); err != nil {
		t.Fatal(err)
	}
	c.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Op: "close", Delay: pause}} })
	var read, copies sync.WaitGroup
	read.Add(files)
	for range files {
		copies.Go(func() {
			_, err := s.Get(t.Context(), "/in.csv", 10, io.Discard, func(job.Entry) error { read.Done(); read.Wait(); return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	copies.Wait() // all CLOSEs are on their way
	var asked sync.WaitGroup
	asked.Go(func() {
		if err := s.Rename(t.Context(), "/dir", "/moved", job.RenameV3); err != nil {
			t.Error(err)
		}
	})
	asked.Go(func() {
		if _, err := s.Get(t.Context(), "/in.csv", 10, io.Discard, nil); err != nil {
			t.Error(err)
		}
	})
	asked.Wait()
	if n := c.Struck(); n < files {
		t.Errorf("%d CLOSEs were slow", n)
	}
}
