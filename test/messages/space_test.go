package messages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// TestDiskWouldBeFull: what must stay free is more than any disk has.
func TestDiskWouldBeFull(t *testing.T) {
	produce(t, 16, func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{})
		c.jobs = []string{"limits: {min_free_space: 900000GiB}"}
		m := newMachine(t, c)
		write(t, filepath.Join(s.Root, "out", "big.csv"), strings.Repeat("x", 3<<20))
		return m, []string{"run", "acme-in"}, message{
			slug: "local.no_space", what: "big.csv did not land; it was left on the server",
			cause: []string{"3.0 MiB", filepath.Join(m.Dir, "landing"), "are free", "878.9 TiB must stay free"},
			do:    []string{"free space", "larger disk"},
			who:   job.WhoUs, after: m.untaken(s, "big.csv"),
		}
	})
}

// TestCustomersDiskIsFull: the server only says "Failure", and statvfs shows why.
func TestCustomersDiskIsFull(t *testing.T) {
	produce(t, 15, func(t *testing.T) (*machine, []string, message) {
		c, _, root := evil(t, sftptest.Options{Knobs: sftptest.Knobs{
			FreeBytes: -1, Faults: []sftptest.Fault{{Op: "write", After: 3, Do: sftptest.Fail, Code: packet.Failure}},
		}})
		m := newMachine(t, c, correctPassword)
		m.write("outbox/segment.csv", strings.Repeat("x", 2<<20))
		return m, []string{"run", "acme-out"}, message{
			slug: "remote.no_space", what: "segment.csv was not delivered; it is still in the outbox",
			cause: []string{"the disk or the quota", `user "platform"`, `0 bytes are free in "/in"`, "the upload stopped at 37 % of 2.0 MiB", "was removed"},
			do:    []string{"ask the customer to make room"},
			who:   job.WhoCustomer, technical: "SSH_FX_FAILURE",
			after: func(t *testing.T) {
				m.empty(filepath.Join(root, "in"))
				if _, err := os.Stat(filepath.Join(m.Dir, "outbox", "segment.csv")); err != nil {
					t.Error(err)
				}
			},
		}
	})
}

// TestRenameIsRefused: the upload is whole, and the server lets nobody rename.
func TestRenameIsRefused(t *testing.T) {
	produce(t, 15, func(t *testing.T) (*machine, []string, message) {
		c, _, root := evil(t, sftptest.Options{Knobs: sftptest.Knobs{NoRename: true}})
		m := newMachine(t, c, correctPassword)
		content := strings.Repeat("1;vip\n", 20000)
		m.write("outbox/segment.csv", content)
		return m, []string{"run", "acme-out"}, message{
			slug: "remote.rename_refused", what: "segment.csv is complete on the server (120000 bytes) under its temporary name", whatBeginning: true,
			cause: []string{"/in/segment.csv"},
			do:    []string{"ask for the right to rename", "profile: put-only"},
			who:   job.WhoUs, technical: "permission denied",
			after: func(t *testing.T) {
				found, _ := filepath.Glob(filepath.Join(root, "in", "segment.csv.*.part"))
				if len(found) != 1 {
					t.Fatalf("temporary files: %q", found)
				}
				if got, err := os.ReadFile(found[0]); err != nil || string(got) != content {
					t.Errorf("the temporary file holds %d bytes, %v", len(got), err)
				}
			},
		}
	})
}

// TestNameIsTaken: what lies under the final name already stays as it is.
func TestNameIsTaken(t *testing.T) {
	produce(t, 15, func(t *testing.T) (*machine, []string, message) {
		c, _, root := evil(t, sftptest.Options{Knobs: sftptest.Knobs{NoPosixRename: true}})
		m := newMachine(t, c, correctPassword)
		write(t, filepath.Join(root, "in", "segment.csv"), "theirs\n")
		m.write("outbox/segment.csv", "ours\n")
		return m, []string{"run", "acme-out"}, message{
			slug: "remote.name_taken", what: "segment.csv was not published; it is still in the outbox",
			cause: []string{"/in/segment.csv exists on the server", "to.if_exists is fail"},
			do:    []string{"to.if_exists: replace"},
			who:   job.WhoBoth,
			after: func(t *testing.T) {
				if got, err := os.ReadFile(filepath.Join(root, "in", "segment.csv")); err != nil || string(got) != "theirs\n" {
					t.Errorf("the customer's file holds %q, %v", got, err)
				}
			},
		}
	})
}
