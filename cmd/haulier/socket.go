package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketPath is the longest path, in bytes, that a socket's address holds.
const maxSocketPath = 100

// socketPath gives a path of a socket that fits into an address: one that is too long is reached through its open
// folder. Done must be called after use.
func socketPath(path string) (short string, done func(), err error) {
	if len(path) <= maxSocketPath {
		return path, func() {}, nil
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path)), func() { _ = folder.Close() }, nil
}
