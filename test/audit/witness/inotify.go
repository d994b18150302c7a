package witness

import (
	"encoding/binary"
	"io/fs"
	"syscall"
	"time"
)

func nativeUint32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }

// changed gives the time of the last change of a file's name or content, which nobody can set.
func changed(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctim.Unix()).UnixNano()
	}
	return 0
}
