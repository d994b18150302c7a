package sftp_test

import (
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A server that knows our password says it back.
func TestAServerCannotMakeUsRepeatOurPassword(t *testing.T) {
	c := newCustomer(t, nil)
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "remove", Do: sftptest.Fail, Code: packet.Failure, Text: "user demo:" + password + "\x1b[2J may not"}}
	})
	err := open(t, c.pool, c.conn).Remove(t.Context(), "/x")
	r := want(t, err, "remote.failure")
	if all := r.What + r.Cause + r.Do + r.Technical; strings.Contains(all, password) || !strings.Contains(r.Technical, "***") {
		t.Errorf("it says %q", all)
	}
}
