package sftptest_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pkg/sftp"

	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// The test of the tests: the faults of which transfer's own tests say that nothing is lost are driven through the loops
// of a library here, and there files do get lost without an error. When one of these fails, either the server has
// stopped to lie, or the library was repaired; wire's library_test.go says so too in the latter case.

// library gives a session of the library's client with a server.
func library(t *testing.T, s *sftptest.Server) *sftp.Client {
	t.Helper()
	conn, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sftp.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(); _ = c.Close() })
	return c
}

// libraryFile is content that tells each of its bytes apart from its neighbours.
func libraryFile(size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// fetchByLibrary gives what the library makes of a file of a size on a server with knobs.
func fetchByLibrary(t *testing.T, knobs sftptest.Knobs, size int) (got []byte, err error) {
	t.Helper()
	s, root := start(t, sftptest.Options{Knobs: knobs})
	write(t, root, "f", string(libraryFile(size)))
	f, err := library(t, s).Open("/f")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, err = io.Copy(&out, f) // the library's WriteTo
	return out.Bytes(), err
}

// sendByLibrary gives what lies on a server with knobs after the library has sent a file.
func sendByLibrary(t *testing.T, knobs sftptest.Knobs, size int) (there []byte, err, closed error) {
	t.Helper()
	s, root := start(t, sftptest.Options{Knobs: knobs})
	f, err := library(t, s).OpenFile("/f", os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.ReadFrom(onlyReader{bytes.NewReader(libraryFile(size))})
	closed = f.Close()
	there, readErr := os.ReadFile(filepath.Join(root, "f"))
	if readErr != nil {
		t.Fatal(readErr)
	}
	return there, err, closed
}

// onlyReader hides the length of its reader, as a pipe or a PGP stream does.
type onlyReader struct{ io.Reader }

func TestTheLibraryLosesBytesOfShortReads(t *testing.T) {
	const size = 1<<20 + 1
	lost := 0
	for _, most := range []int{1 << 10, 4 << 10, 16 << 10, 32767} {
		got, err := fetchByLibrary(t, sftptest.Knobs{ReadAtMost: most}, size)
		wrong := !bytes.Equal(got, libraryFile(size))
		t.Logf("answers of %d bytes: %d of %d bytes, wrong %v, error %v", most, len(got), size, wrong, err)
		if err == nil && wrong {
			lost++
		}
	}
	if lost != 4 {
		t.Errorf("only %d of 4 lost bytes in silence", lost)
	}
}

func TestTheLibraryTakesAnEarlyEndForTheEnd(t *testing.T) {
	for _, end := range []int64{64 << 10, 100_000} {
		got, err := fetchByLibrary(t, sftptest.Knobs{EndEarly: end}, 1<<20)
		t.Logf("end at %d: %d bytes, error %v", end, len(got), err)
		if err != nil || len(got) >= 1<<20 {
			t.Errorf("end at %d: %d bytes, %v", end, len(got), err)
		}
	}
}

func TestTheLibraryTakesARefusedWriteForTheEnd(t *testing.T) {
	for k := range 4 {
		knobs := sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", After: k, Do: sftptest.Fail, Code: packet.EOF}}}
		there, err, closed := sendByLibrary(t, knobs, 1<<20)
		t.Logf("WRITE %d answered with EOF: %d bytes there, error %v, Close %v", k+1, len(there), err, closed)
		if err != nil || closed != nil || len(there) == 1<<20 {
			t.Errorf("%d bytes, %v, Close %v", len(there), err, closed)
		}
	}
}

// A write that was only pretended is believed by everybody who does not look.
func TestTheLibraryBelievesAPretendedWrite(t *testing.T) {
	knobs := sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", After: 3, Times: 1, Do: sftptest.Pretend}}}
	there, err, closed := sendByLibrary(t, knobs, 1<<20)
	if err != nil || closed != nil || bytes.Equal(there, libraryFile(1<<20)) {
		t.Errorf("%d bytes, %v, Close %v", len(there), err, closed)
	}
}
