package sftp

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"net"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// fed is a connection that gives some bytes in pieces and then ends.
type fed struct {
	net.Conn
	r     *bytes.Reader
	piece int
}

func (f *fed) Read(p []byte) (int, error) { return f.r.Read(p[:min(len(p), f.piece)]) }

func FuzzGreeting(f *testing.F) {
	f.Add([]byte("SSH-2.0-OpenSSH_9.2\r\nrest"), 1)
	f.Add([]byte("notice\r\nSSH-2.0-x\n"), 3)
	f.Add([]byte("220 FTP\r\n"), 100)
	f.Add([]byte("\x15\x03\x01"), 2)
	f.Fuzz(func(t *testing.T, content []byte, piece int) {
		if piece < 1 {
			return
		}
		l := newLine(&fed{r: bytes.NewReader(content), piece: piece})
		passed, err := io.ReadAll(l)
		if err == nil && !bytes.Equal(passed, content) {
			t.Error("bytes were changed on their way")
		}
		if !bytes.HasPrefix(content, passed) {
			t.Error("bytes were invented")
		}
		ready, said := l.greeted()
		speaks := bytes.HasPrefix(content, []byte("SSH-")) || bytes.Contains(content, []byte("\nSSH-"))
		if ready && !speaks {
			t.Error("SSH was heard where there is none")
		}
		if len(l.head) > prefaceBytes+1 || len(l.version) > len(content) {
			t.Errorf("%d bytes are kept", len(l.head))
		}
		if i := strings.IndexFunc(said, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q can't be shown", said)
		}
	})
}

func FuzzPin(f *testing.F) {
	f.Add("ssh-ed25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHe9hzeMRdY9EGKCa/mghj4CbTTl15kti0WZwkWnADS comment")
	f.Fuzz(func(t *testing.T, text string) {
		one, err := parsePin(text)
		if err == nil && (len(one.fingerprint) != len("SHA256:")+43 || one.keyType == "") {
			t.Errorf("pin %+v", one)
		}
	})
}

func FuzzAnnouncement(f *testing.F) {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		f.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(appendString(nil, key.Marshal()))
	f.Add([]byte("\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		h := &hop{}
		if fresh := h.freshKeys(payload); len(fresh) > mostAnnounced || len(fresh)*8 > len(payload) {
			t.Errorf("%d keys of %d bytes", len(fresh), len(payload))
		}
		_ = verifyProof([]byte("session"), key, payload)
	})
}

func TestPrintable(t *testing.T) {
	for in, expected := range map[string]string{
		"plain": "plain", "two\r\nlines": "two lines", "\x1b[31mred\x1b[0m": "[31mred [0m", "\xff\xfe": "", "right\u202eleft": "right left",
		strings.Repeat("é", 500): strings.Repeat("é", 200) + "…",
	} {
		if got := printable(in); got != expected {
			t.Errorf("printable(%q) = %q", in, got)
		}
	}
}

func TestLongPathsAreCut(t *testing.T) {
	if got := shown(strings.Repeat("a/", 1000)); len(got) > 320 {
		t.Errorf("a path of 2,000 bytes is shown with %d", len(got))
	}
}

func TestTransportPutsOldAlgorithmsLastAndOnlyWhenAllowed(t *testing.T) {
	config := transport([]string{"3des-cbc", "diffie-hellman-group1-sha1", "nonsense"})
	if last := config.Ciphers[len(config.Ciphers)-1]; last != "3des-cbc" {
		t.Errorf("last cipher %s", last)
	}
	if config.Ciphers[0] != ssh.CipherAES128GCM || config.Ciphers[len(config.Ciphers)-2] != ssh.CipherChaCha20Poly1305 {
		t.Errorf("ciphers %q", config.Ciphers)
	}
	if last := config.KeyExchanges[len(config.KeyExchanges)-1]; last != "diffie-hellman-group1-sha1" {
		t.Errorf("last key exchange %s", last)
	}
	plain := transport(nil)
	for _, names := range [][]string{plain.Ciphers, plain.KeyExchanges, plain.MACs} {
		for _, name := range names {
			if strings.Contains(name, "cbc") || strings.HasSuffix(name, "-sha1") && name != "hmac-sha1" || strings.Contains(name, "-96") {
				t.Errorf("%s is on by itself", name)
			}
		}
	}
}
