package sftp

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"net"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
)

// fed is a connection that gives some bytes in pieces and then ends.
type fed struct {
	net.Conn
	r     *bytes.Reader
	piece int
}

func (f *fed) Write(p []byte) (int, error) { return len(p), nil }
func (f *fed) Read(p []byte) (int, error)  { return f.r.Read(p[:min(len(p), f.piece)]) }

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

// FuzzPin: a pinned line is read as the library reads lines of authorized_keys, and a key that is written as a pin matches.
func FuzzPin(f *testing.F) {
	f.Add("ssh-ed25519 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHe9hzeMRdY9EGKCa/mghj4CbTTl15kti0WZwkWnADS comment")
	f.Add("rsa-sha2-512 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	f.Add("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIMHe9hzeMRdY9EGKCa/mghj4CbTTl15kti0WZwkWnADS")
	f.Fuzz(func(t *testing.T, text string) {
		one, err := parsePin(text)
		if (err == nil) != (CheckPin(text) == nil) {
			t.Errorf("%q is judged in two ways", text)
		}
		if err != nil {
			return
		}
		if len(one.fingerprint) != len("SHA256:")+43 || one.keyType == "" {
			t.Errorf("pin %+v", one)
		}
		fields := strings.Fields(text)
		if strings.HasPrefix(fields[1], "SHA256:") {
			return
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(fields[0] + " " + fields[1]))
		if err != nil {
			t.Fatalf("%q: the library says %v", text, err)
		}
		if found, ok := (pins{list: []pin{one}}).match(key); !ok || found != one {
			t.Errorf("%q does not match its own key", text)
		}
		if again, err := parsePin(keyLine(key)); err != nil || again != one {
			t.Errorf("%q comes back as %+v, %v", text, again, err)
		}
	})
}

// FuzzKnownHosts: whatever stands in a line of known_hosts, the key that we read of it is the one that the library reads.
func FuzzKnownHosts(f *testing.F) {
	const key = " ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMHe9hzeMRdY9EGKCa/mghj4CbTTl15kti0WZwkWnADS"
	for _, line := range []string{
		"host" + key, "[host]:2222,10.0.0.1" + key + " note", "|1|c2FsdA==|aGFzaA==" + key, "@cert-authority *.example" + key, "@revoked host" + key,
		"# " + key, "host" + key + "\nother" + key, "!no,*" + key, "host ssh-rsa AAAA",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		_, _, key, _, _, err := ssh.ParseKnownHosts([]byte(line))
		if err != nil {
			return
		}
		one, err := parsePin(keyLine(key))
		if err != nil || one.fingerprint != ssh.FingerprintSHA256(key) || one.keyType != key.Type() {
			t.Errorf("%q: pin %+v, %v", line, one, err)
		}
	})
}

// FuzzProxyAnswer: an answer of a proxy opens a tunnel only by status 200, and takes nothing of what the server says behind it.
func FuzzProxyAnswer(f *testing.F) {
	for _, answer := range []string{
		"HTTP/1.1 200 OK\r\n\r\nSSH-2.0-x\r\n", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "HTTP/1.0 200\r\n\r\n",
		"SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n", "HTTP/1.1 2OO OK\r\n\r\n", "HTTP/1.1 200 a\x1b[2J\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", strings.Repeat("a", mostProxyHeader+1),
	} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		rest := bytes.NewReader(answer)
		err := askTunnel(&fed{r: rest, piece: 7}, nil, "host:22")
		if taken := len(answer) - rest.Len(); taken > mostProxyHeader {
			t.Errorf("%d bytes were taken", taken)
		}
		if err != nil {
			if i := strings.IndexFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
				t.Errorf("%q can't be shown", err)
			}
			return
		}
		header, _, found := bytes.Cut(answer, []byte("\r\n\r\n"))
		if !found || rest.Len() != len(answer)-len(header)-4 || !bytes.HasPrefix(header, []byte("HTTP/")) || !bytes.Contains(header, []byte(" 200")) {
			t.Errorf("%q opened a tunnel, %d bytes left", answer, rest.Len())
		}
	})
}

// FuzzForeignText: what servers say and call their files is shown in one line that acts upon no terminal.
func FuzzForeignText(f *testing.F) {
	for _, text := range []string{"a\x1b]0;title\x07\r\n\u202e\xffb", strings.Repeat("é", 1000), "\u2028", "\xc3" + strings.Repeat("a", 900), "\U000e0001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, made := range []string{printable(text), shown(text), (&promptError{prompt: printable(text)}).Error(), (&notSSHError{greeting: printable(text)}).Error()} {
			if i := strings.IndexFunc(made, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 || !utf8.ValidString(made) || len(made) > 4*mostText+4*mostPath+100 {
				t.Errorf("%q is shown as %q", text, made)
			}
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
