package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/config"
)

// FuzzHostKeys: a line of host_keys that `haulier check` takes is one that a session can use.
func FuzzHostKeys(f *testing.F) {
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHe9hzeMRdY9EGKCa/mghj4CbTTl15kti0WZwkWnADS")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAABWFiY2Rl")
	f.Add("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAAADBAEC")
	f.Add("ssh-ed25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("ssh-ed25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=")
	f.Add("host ssh-ed25519 AAAA")
	f.Fuzz(func(t *testing.T, line string) {
		text := "version: 1\ntimezone: UTC\nconnections:\n  c:\n    host: h.example\n    username: u\n    auth: {methods: [publickey], key: k}\n" +
			"    locations: {in: /in}\n    host_keys: [" + quotedYAML(line) + "]\n"
		o := configOptions(config.Known{})
		o.NoFiles = true
		cfg, problems := config.LoadText(text, "haulier.yaml", "haulier.yaml", o)
		if cfg == nil {
			if report := problems.Text(false); !strings.Contains(report, ":9:") {
				t.Errorf("%q: the report does not name the line:\n%s", line, report)
			}
			return
		}
		for _, key := range cfg.Connections["c"].HostKeys {
			fields := strings.Fields(key)
			if strings.HasPrefix(fields[1], "SHA256:") {
				continue
			}
			if _, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key)); err != nil {
				t.Errorf("check takes %q, and a session cannot: %v", line, err)
			}
		}
	})
}

// quotedYAML is a text as a scalar in single quotes.
func quotedYAML(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError || r == 0x7f {
			return -1
		}
		return r
	}, text)
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// FuzzBackupHeader: a header is taken only if opening the file costs bounded time and memory.
func FuzzBackupHeader(f *testing.F) {
	f.Add(newSealHeader().bytes())
	f.Add([]byte(sealMagic))
	much := newSealHeader()
	much.Memory = 2 << 20
	f.Add(much.bytes())
	f.Add(append([]byte(sealMagic), 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h sealHeader
		if binary.Read(bytes.NewReader(data), binary.BigEndian, &h) != nil || h.judge() != nil {
			return
		}
		if !bytes.HasPrefix(data, h.bytes()) {
			t.Errorf("%x is written as %x", data, h.bytes())
		}
		if work := uint64(h.Time) * uint64(h.Memory); work > 16<<20 || h.Memory > 1<<20 {
			t.Errorf("%+v is taken", h)
		}
	})
}

// FuzzBackupChunks: of a sealed file that was altered no byte comes that was not in it, and no end that was not its end.
func FuzzBackupChunks(f *testing.F) {
	h := newSealHeader()
	h.Time, h.Memory, h.Threads = 1, 8<<10, 1
	aead, _, err := h.keys(testPassphrase)
	if err != nil {
		f.Fatal(err)
	}
	text := bytes.Repeat([]byte("0123456789abcdef"), sealChunk*5/2/16)
	var sealed bytes.Buffer
	w := &sealWriter{dst: &sealed, aead: aead, header: h.bytes(), chunk: make([]byte, 0, sealChunk)}
	if _, err := w.Write(text); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	const piece = sealChunk + 16
	for _, at := range []uint32{0, piece - 1, piece, 2 * piece} {
		f.Add(at, uint32(piece), uint32(0), []byte(nil))
		f.Add(at, uint32(1), uint32(0), []byte("x"))
		f.Add(at, uint32(0), uint32(piece), []byte(nil))
	}
	f.Fuzz(func(t *testing.T, at, cut, double uint32, insert []byte) {
		file := sealed.Bytes()
		start := int(at % uint32(len(file)+1))
		end := start + int(cut%uint32(len(file)-start+1))
		again := file[start:min(len(file), start+int(double%(2*piece)))]
		altered := bytes.Join([][]byte{file[:start], again, insert, file[end:]}, nil)
		got, err := io.ReadAll(&sealReader{src: bufio.NewReaderSize(bytes.NewReader(altered), 2*sealChunk), aead: aead, header: h.bytes()})
		if !bytes.HasPrefix(text, got) {
			t.Errorf("%d bytes came that were not in it", len(got))
		}
		if whole := bytes.Equal(altered, file); (err == nil) != whole || whole && !bytes.Equal(got, text) {
			t.Errorf("altered %t: %d of %d bytes, %v", !whole, len(got), len(text), err)
		}
	})
}

// FuzzUnpack: what a backup holds is written into its folder, no more than it holds, and nowhere else.
func FuzzUnpack(f *testing.F) {
	archive := func(headers ...*tar.Header) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			if err := w.WriteHeader(h); err != nil {
				f.Fatal(err)
			}
			_, _ = w.Write(bytes.Repeat([]byte("x"), int(h.Size)))
		}
		_ = w.Close()
		return b.Bytes()
	}
	f.Add(archive(&tar.Header{Name: contentsFile, Size: 2, Mode: 0o600}, &tar.Header{Name: storeFile, Size: 5}))
	f.Add(archive(&tar.Header{Name: "../up", Size: 1}))
	f.Add(archive(&tar.Header{Name: "..", Typeflag: tar.TypeDir}))
	f.Add(archive(&tar.Header{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc"}, &tar.Header{Name: "link", Size: 1}))
	f.Add(archive(&tar.Header{Name: "same", Size: 1}, &tar.Header{Name: "same", Size: 1}))
	f.Add(archive(&tar.Header{Name: strings.Repeat("n", 300), Size: 1}))
	holes := map[string]string{"XNU.sparse.numblocks": "1", "XNU.sparse.size": "100000", "XNU.sparse.map": "0,1", "XNU.sparse.name": "holes"}
	f.Add(bytes.ReplaceAll(archive(&tar.Header{Name: "p", Size: 1, PAXRecords: holes, Format: tar.FormatPAX}), []byte("XNU."), []byte("GNU.")))
	f.Add(archive(&tar.Header{Name: "p", Size: 1, PAXRecords: map[string]string{"comment": "c"}, Format: tar.FormatPAX}))
	f.Fuzz(func(t *testing.T, data []byte) {
		above := t.TempDir()
		dir := filepath.Join(above, "scratch")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_ = unpackTar(context.Background(), bytes.NewReader(data), dir)
		written := int64(0)
		err := filepath.WalkDir(above, func(path string, d fs.DirEntry, err error) error {
			if err != nil || path == above || path == dir {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			if filepath.Dir(path) != dir || info.Mode() != 0o600 {
				t.Errorf("%s, %v", path, info.Mode())
			}
			written += info.Size()
			return nil
		})
		if err != nil || written > int64(len(data)) {
			t.Errorf("%d bytes of %d were written, %v", written, len(data), err)
		}
	})
}

// FuzzLogLine: whatever a name or a server's text holds, a line of the log is one line and acts upon no terminal.
func FuzzLogLine(f *testing.F) {
	for _, text := range []string{"a\nlevel=ERROR msg=forged", "\x1b[2J", "\u202e", "\xff", `"`, "=", "\u2028", "", "\u0085"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []string{"text", "json"} {
			var out bytes.Buffer
			log := (&app{stderr: &out}).logger(&config.Config{Log: config.Log{Format: format}})
			log.Info("file", "name", text)
			log.Info(text)
			shown := strings.TrimSuffix(out.String(), "\n")
			if strings.Count(shown, "\n") != 1 {
				t.Errorf("%s: %q", format, shown)
			}
			for _, r := range strings.NewReplacer("\n", "", "\x7f", "").Replace(shown) { // DEL does nothing there, and the library leaves it
				if r < ' ' || format == "text" && !unicode.IsPrint(r) {
					t.Errorf("%s: %q shows U+%04X", format, shown, r)
				}
			}
			line, _, _ := strings.Cut(shown, "\n")
			var back struct{ Name string }
			if format == "json" && text != "name" && (json.Unmarshal([]byte(line), &back) != nil || back.Name != string([]rune(text))) {
				t.Errorf("%q is logged as %q", text, line)
			}
		}
	})
}
