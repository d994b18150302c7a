//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// spare is how many goroutines more than at its beginning a process may have: that of its signals, and one on its way out.
const spare = 2

// patience is what those that are on their way out have.
const patience = 2 * time.Second

// began is what the process had when it began.
var began = struct{ goroutines, files int }{runtime.NumGoroutine(), len(openFiles())}

// End is the end of a process that ends by itself. Into the file HAULIER_FAILPOINTS_REST goes a line with the most bytes that
// it had resident, and what it still holds: it has closed everything, and would hold that for ever as a daemon.
func End() {
	path := os.Getenv("HAULIER_FAILPOINTS_REST")
	if path == "" {
		return
	}
	for until := time.Now().Add(patience); rest() != "" && time.Now().Before(until); {
		time.Sleep(5 * time.Millisecond)
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, "%d\n%s", peak(), rest()), 0o600); err != nil {
		panic("HAULIER_FAILPOINTS_REST: " + err.Error())
	}
}

// peak is the most memory that was resident. What the system tells the parent of a process may be the parent's own.
func peak() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	_, _ = fmt.Sscan(after, &kib)
	return kib << 10
}

// rest says what the process has more than at its beginning; "": nothing.
func rest() string {
	var b strings.Builder
	if n := runtime.NumGoroutine(); n > began.goroutines+spare {
		stacks := make([]byte, 64<<10)
		fmt.Fprintf(&b, "%d goroutines, %d at the beginning\n%s\n", n, began.goroutines, stacks[:runtime.Stack(stacks, true)])
	}
	if files := openFiles(); len(files) > began.files {
		fmt.Fprintf(&b, "%d open files, %d at the beginning: %s\n", len(files), began.files, strings.Join(files, ", "))
	}
	return b.String()
}

// openFiles gives the names of what is open, without what Go's runtime keeps to wait with.
func openFiles() []string {
	const dir = "/proc/self/fd"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, entry := range entries {
		name, err := os.Readlink(filepath.Join(dir, entry.Name()))
		if err == nil && name != "anon_inode:[eventpoll]" && name != "anon_inode:[eventfd]" && name != os.Getenv("HAULIER_FAILPOINTS_LOG") {
			names = append(names, name)
		}
	}
	return names
}
