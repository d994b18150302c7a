package messages

import (
	"syscall"
	"testing"
	"time"
)

// dialWait is how long a dial to a full queue is waited for.
const dialWait = 500 * time.Millisecond

// bound gives a port of 127.0.0.1 that is ours and on which nobody listens, unless then says otherwise.
func bound(t *testing.T, then ...func(socket int) error) int {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	for _, f := range then {
		if err := f(socket); err != nil {
			t.Fatal(err)
		}
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return name.(*syscall.SockaddrInet4).Port
}

// queueOfOne listens with the shortest queue that there is.
func queueOfOne(socket int) error { return syscall.Listen(socket, 0) }
