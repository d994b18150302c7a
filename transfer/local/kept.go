package local

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// ErrNoFile: the name is not that of a regular file.
var ErrNoFile = errors.New("it is no regular file")

// OpenKept opens a file that landed or was archived, by its full path, and tells its size. Neither a link nor anything else that
// somebody put in its place is followed or waited for: ErrNoFile. fs.ErrNotExist when nothing has the name.
func OpenKept(path string) (io.ReadCloser, int64, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) {
		return nil, 0, fmt.Errorf("open %s: %w", path, ErrNoFile)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open a landed file: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("open %s: %w", path, ErrNoFile)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}
