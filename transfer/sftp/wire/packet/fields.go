package packet

import (
	"encoding/binary"
	"errors"
)

// ErrTruncated says that a packet ends before its fields do.
var ErrTruncated = errors.New("the packet ends before its fields do")

// Begin appends the header of a packet to b, which must be empty. End completes it.
func Begin(b []byte, kind byte, id uint32) []byte {
	b = append(b, 0, 0, 0, 0, kind)
	return binary.BigEndian.AppendUint32(b, id)
}

// End writes the length of the packet into its first four bytes, counting more bytes that follow b on the wire.
func End(b []byte, more int) []byte {
	binary.BigEndian.PutUint32(b, uint32(len(b)-4+more))
	return b
}

// AppendUint32 appends a number.
func AppendUint32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }

// AppendUint64 appends a number.
func AppendUint64(b []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(b, v) }

// AppendString appends a length and s.
func AppendString[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// Fields reads the fields of one packet in turn. After the first field that is not there every read gives zero, and Err
// says so: callers read all they need and check once.
type Fields struct {
	rest []byte
	bad  bool
}

// Parse begins to read the fields in b.
func Parse(b []byte) *Fields { return &Fields{rest: b} }

// Err is ErrTruncated if a field was not there whole.
func (f *Fields) Err() error {
	if f.bad {
		return ErrTruncated
	}
	return nil
}

// Len is the number of bytes not read yet; 0 after a field that was not there.
func (f *Fields) Len() int { return len(f.rest) }

func (f *Fields) take(n uint64) []byte {
	if n > uint64(len(f.rest)) {
		f.bad, f.rest = true, nil
		return nil
	}
	field := f.rest[:n:n]
	f.rest = f.rest[n:]
	return field
}

// Byte reads one byte.
func (f *Fields) Byte() byte {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint32 reads a number.
func (f *Fields) Uint32() uint32 {
	if b := f.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

// Uint64 reads a number.
func (f *Fields) Uint64() uint64 {
	if b := f.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Bytes reads a string and gives it without a copy: it lives as long as the packet.
func (f *Fields) Bytes() []byte { return f.take(uint64(f.Uint32())) }

// String reads a string.
func (f *Fields) String() string { return string(f.Bytes()) }
