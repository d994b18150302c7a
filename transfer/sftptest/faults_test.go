package sftptest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// Every action, on a RENAME: was it done, and what did the client see?
func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		do       sftptest.Action
		code     uint32
		done     bool // the file was renamed
		answered bool
		status   uint32 // of the answer
	}{
		"slow":       {sftptest.Slow, 0, true, true, packet.OK},
		"fail":       {sftptest.Fail, packet.NoSpace, false, true, packet.NoSpace},
		"fail done":  {sftptest.FailDone, packet.Failure, true, true, packet.Failure},
		"pretend":    {sftptest.Pretend, 0, false, true, packet.OK},
		"drop":       {sftptest.Drop, 0, false, false, 0},
		"drop done":  {sftptest.DropDone, 0, true, false, 0},
		"swallow":    {sftptest.Swallow, 0, true, false, 0},
		"stall":      {sftptest.Stall, 0, false, false, 0},
		"stall done": {sftptest.StallDone, 0, true, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, root := with(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "rename", Path: "f", Do: tc.do, Code: tc.code, Delay: time.Nanosecond}}})
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			go func() { // gives up once the server has got that far
				_, _ = s.Await(ctx, isOp("rename"))
				if tc.do == sftptest.Swallow || tc.do == sftptest.Stall || tc.do == sftptest.StallDone {
					cancel(errors.New("gave up"))
				}
			}()
			err := c.Rename(ctx, "f", "g")
			var status *wire.StatusError
			var connection *wire.ConnectionError
			switch {
			case !tc.answered && !errors.As(err, &connection):
				t.Errorf("rename: %v", err)
			case tc.answered && tc.status == packet.OK && err != nil:
				t.Errorf("rename: %v", err)
			case tc.answered && tc.status != packet.OK && (!errors.As(err, &status) || status.Code != tc.status):
				t.Errorf("rename: %v", err)
			}
			if exists(root, "g") != tc.done || exists(root, "f") == tc.done {
				t.Errorf("renamed: %v", exists(root, "g"))
			}
			last := s.Log()[len(s.Log())-1]
			if last.Op != "rename" || last.Path != "/f" || last.To != "/g" || !last.Fault || last.Code != tc.status {
				t.Errorf("log: %+v", last)
			}
		})
	}
}

func isOp(op string) func(sftptest.Operation) bool {
	return func(o sftptest.Operation) bool { return o.Op == op }
}

func TestFaultsHitWhatTheyName(t *testing.T) {
	ctx := context.Background()
	s, c, _ := with(t, sftptest.Knobs{Faults: []sftptest.Fault{
		{Op: "stat", Path: "/f", After: 2, Times: 1, Do: sftptest.Fail, Code: packet.PermissionDenied},
		{Op: "write", Do: sftptest.Fail, Code: packet.EOF},
	}})
	var got []bool
	for range 4 {
		_, err := c.Stat(ctx, "f")
		got = append(got, err == nil)
		if _, err := c.Stat(ctx, "/"); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(got, []bool{true, true, false, true}) {
		t.Errorf("the third of four should fail: %v", got)
	}
	var status *wire.StatusError
	if err := put(c, "g", "x"); !errors.As(err, &status) || status.Code != packet.EOF {
		t.Errorf("put: %v", err)
	}
	s.Change(func(k *sftptest.Knobs) { k.Faults = k.Faults[:1] })
	if err := put(c, "g", "x"); err != nil {
		t.Errorf("put: %v", err)
	}
}

// A connection that came while another one was there stays a later one, and the first is none, whatever its number.
func TestFaultsOfLaterConnections(t *testing.T) {
	s, first, _ := with(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "stat", Later: true, Do: sftptest.Fail, Code: packet.Failure}}})
	second := connect(t, s)
	_, err := first.Stat(t.Context(), "f")
	_, later := second.Stat(t.Context(), "f")
	if err != nil || later == nil {
		t.Errorf("the first: %v; the second: %v", err, later)
	}
}

func TestStopFreesAStalledSession(t *testing.T) {
	s, c, _ := with(t, sftptest.Knobs{})
	s.Change(func(k *sftptest.Knobs) { k.Faults = []sftptest.Fault{{Do: sftptest.Stall}} })
	failed := make(chan error)
	go func() { failed <- c.Remove(context.Background(), "f") }()
	if _, err := s.Await(context.Background(), isOp("remove")); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	if err := <-failed; err == nil {
		t.Error("an answer came")
	}
	s.Stop()
}

func TestDropAllCutsAndTakesAgain(t *testing.T) {
	s, c, _ := with(t, sftptest.Knobs{})
	s.DropAll()
	<-c.Done()
	if _, err := connect(t, s).Stat(context.Background(), "f"); err != nil {
		t.Error(err)
	}
}
