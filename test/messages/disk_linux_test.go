package messages

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
)

// TestDiskIsFull has a real disk of 4 MiB.
func TestDiskIsFull(t *testing.T) {
	produce(t, 16, func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{})
		c.jobs = []string{"limits: {min_free_space: 1MiB}"}
		m := newMachine(t, c)
		landing := filepath.Join(m.Dir, "landing")
		smallDisk(t, landing, 4<<20)
		write(t, filepath.Join(s.Root, "out", "big.csv"), strings.Repeat("x", 8<<20))
		return m, []string{"run", "acme-in"}, message{
			slug: "local.no_space", what: "big.csv did not land; it was left on the server",
			cause: []string{"8.0 MiB", landing, "4.0 MiB are free", "1.0 MiB must stay free"},
			do:    []string{"free space"},
			who:   job.WhoUs, after: m.untaken(s, "big.csv"),
		}
	})
}

// smallDisk mounts a file system in memory.
func smallDisk(t *testing.T, dir string, size int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it mounts a small disk")
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Log(err)
		t.Skip("needs root: this one may not mount a small disk")
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
