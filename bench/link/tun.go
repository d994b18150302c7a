package link

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const (
	deviceName = "line"
	// queued is how many packets wait for us at an end before any is lost.
	queued = 20_000
)

// openTUN makes the device in the namespace of the thread. Each packet comes with a header that says what is left to do about
// its checksum and size; the other end is given the same.
func openTUN(small bool) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := attach(fd, small); err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "/dev/net/tun"), nil // not before: only a device that is attached can be waited for
}

func attach(fd int, small bool) error {
	request, err := unix.NewIfreq(deviceName)
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return err
	}
	offload := unix.TUN_F_CSUM
	if !small {
		offload |= unix.TUN_F_TSO4
	}
	return unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, offload)
}
