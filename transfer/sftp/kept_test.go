package sftp_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// until waits for something that no event tells.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 20_000 {
		if is() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("it never came to this: %s", what)
}

// together gets a file of which the second half is written when so many connections have opened it.
func (c *customer) together(t *testing.T, s *sftp.Session, content []byte, connections int) {
	t.Helper()
	half := 0
	fetchBy(t, s, content, func(dst io.Writer) io.Writer {
		return writer(func(p []byte) (int, error) {
			if half += len(p); half > len(content)/2 {
				until(t, "all connections have opened the file", func() bool { return c.sessionsThat("open") >= connections })
				half = -len(content)
			}
			return dst.Write(p)
		})
	})
}

// The next large file finds the helpers of the one before, also those that have not closed that one yet.
func TestHelpersAreKeptForTheNextFile(t *testing.T) {
	c := afar(t, 3)
	c.pool.Keep(time.Hour)
	content := noise(24 * mib)
	c.lay(t, "big", content)
	s := open(t, c.pool, c.conn)
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "close", Later: true, Times: 2, Delay: 300 * time.Millisecond}}
	})
	c.together(t, s, content, 3)
	c.ClearLog()
	c.together(t, s, content, 3)
	if _, err := s.Put(t.Context(), "/out", bytes.NewReader(content), int64(len(content)), func() {}); err != nil {
		t.Fatal(err)
	}
	c.sent(t, "out", content)
	if n := len(c.logins()); n != 0 {
		t.Errorf("%d more logins", n)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if n := c.pool.Helping(); n != 0 {
		t.Errorf("%d helpers outlive their session", n)
	}
}

// Nobody waits for a helper that is kept, and it is not kept for ever.
func TestHelpersThatAreKeptMakeRoom(t *testing.T) {
	content := noise(12 * mib)
	for name, kept := range map[string]time.Duration{"somebody waits": time.Hour, "it was for nothing": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := afar(t, 2)
			c.pool.Keep(kept)
			c.lay(t, "big", content)
			s := open(t, c.pool, c.conn)
			c.together(t, s, content, 2)
			if kept == time.Hour {
				until(t, "the helper has closed the file", func() bool { return c.sessionsThat("close") == 2 })
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				other, err := c.pool.Session(ctx, c.conn)
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close()
			}
			until(t, "the helper is gone", func() bool { return c.pool.Helping() == 0 })
			if _, err := s.Stat(t.Context(), "/big"); err != nil {
				t.Error(err)
			}
		})
	}
}

// A helper whose server hangs up while it is kept is forgotten.
func TestHelperThatDiesWhileItIsKept(t *testing.T) {
	c := afar(t, 2)
	c.pool.Keep(time.Hour)
	content := noise(12 * mib)
	c.lay(t, "big", content)
	s := open(t, c.pool, c.conn)
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "close", Later: true, Do: sftptest.DropAnswered}}
	})
	c.together(t, s, content, 2)
	until(t, "the helper is gone", func() bool { return c.pool.Helping() == 0 })
	c.ClearLog()
	c.together(t, s, content, 2)
}

// A helper that owes answers when it is let go is not kept: they would have a part of its window for ever.
func TestAHelperThatOwesIsNotKept(t *testing.T) {
	c := afar(t, 2)
	c.pool.Keep(time.Hour)
	content := noise(96 * mib)
	c.lay(t, "big", content)
	s := open(t, c.pool, c.conn)
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "fstat", Later: true, After: 15, Times: 1, Do: sftptest.Fail, Code: packet.Failure}}
	})
	c.together(t, s, content, 2)
	if c.Struck() == 0 {
		t.Fatal("nothing went wrong")
	}
	until(t, "the helper is gone", func() bool { return c.pool.Helping() == 0 })
}
