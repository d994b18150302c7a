package sshkey

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
)

const (
	ssh2Begin   = "---- BEGIN SSH2 PUBLIC KEY ----"
	ssh2End     = "---- END SSH2 PUBLIC KEY ----"
	ssh2Line    = 70  // characters of a line of base64; RFC 4716 allows 72
	ssh2Comment = 255 // bytes of a comment
)

// ParsePublic reads a public key as an authorized_keys line or in RFC 4716's form ("SSH2"). A private key is refused
// with key.is_private, so that nobody passes one on by mistake; anything else with key.unreadable.
func ParsePublic(text []byte) (key ssh.PublicKey, comment string, err error) {
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
	if bytes.HasPrefix(text, []byte(ssh2Begin)) {
		return parseSSH2(text)
	}
	if bytes.Contains(text, []byte("PRIVATE KEY")) || bytes.HasPrefix(text, []byte("PuTTY-User-Key-File-")) {
		return nil, "", reason("key.is_private", "this is a private key; only its public half is asked for here",
			"give the file whose name ends in .pub, and send the private one to nobody", nil)
	}
	key, comment, _, _, err = ssh.ParseAuthorizedKey(text)
	if err != nil {
		return nil, "", reason("key.unreadable", "the text is no public key in OpenSSH's or in the SSH2 form",
			"give the whole line, from ssh-… to its end", err)
	}
	return key, comment, nil
}

// OpenSSH gives the authorized_keys line of a key, without a line feed. What is not printable is left out of the comment.
func OpenSSH(key ssh.PublicKey, comment string) string {
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	if comment = printable(comment); comment != "" {
		line += " " + comment
	}
	return line
}

// SSH2 gives a key in RFC 4716's form, as some servers want it.
func SSH2(key ssh.PublicKey, comment string) string {
	var b strings.Builder
	b.WriteString(ssh2Begin + "\n")
	comment = strings.ReplaceAll(printable(comment), `"`, "'")
	for len(comment) > ssh2Comment {
		_, size := utf8.DecodeLastRuneInString(comment)
		comment = comment[:len(comment)-size]
	}
	header := `Comment: "` + comment + `"`
	for comment != "" && header != "" {
		cut := min(len(header), ssh2Line)
		for cut < len(header) && !utf8.RuneStart(header[cut]) {
			cut--
		}
		b.WriteString(header[:cut])
		if header = header[cut:]; header != "" {
			b.WriteByte('\\')
		}
		b.WriteByte('\n')
	}
	encoded := base64.StdEncoding.EncodeToString(key.Marshal())
	for len(encoded) > 0 {
		cut := min(len(encoded), ssh2Line)
		b.WriteString(encoded[:cut] + "\n")
		encoded = encoded[cut:]
	}
	b.WriteString(ssh2End + "\n")
	return b.String()
}

// Convert turns an SSH2 public key into an OpenSSH line, and an OpenSSH line into the SSH2 form.
func Convert(text []byte) (string, error) {
	key, comment, err := ParsePublic(text)
	if err != nil {
		return "", err
	}
	if bytes.Contains(text, []byte(ssh2Begin)) {
		return OpenSSH(key, comment) + "\n", nil
	}
	return SSH2(key, comment), nil
}

// Fingerprints gives both fingerprints of a key: SHA256:… as OpenSSH shows it, and MD5 as colon-separated hex digits.
func Fingerprints(key ssh.PublicKey) (sha256, md5 string) {
	return ssh.FingerprintSHA256(key), ssh.FingerprintLegacyMD5(key)
}

// parseSSH2 reads RFC 4716: headers, of which a backslash at the end of a line goes on in the next, then base64.
func parseSSH2(text []byte) (ssh.PublicKey, string, error) {
	bad := func(err error) (ssh.PublicKey, string, error) {
		return nil, "", reason("key.unreadable", "the SSH2 public key is damaged", "ask for it again, as a file", err)
	}
	var body, comment, header string
	done := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, " \t\r\n")
		switch {
		case strings.HasPrefix(line, ssh2Begin), line == "":
		case strings.HasPrefix(line, ssh2End):
			done = true
		case header != "" || strings.Contains(line, ":"):
			header += strings.TrimSuffix(line, `\`)
			if strings.HasSuffix(line, `\`) {
				continue
			}
			if name, value, _ := strings.Cut(header, ":"); strings.EqualFold(name, "comment") {
				comment = strings.Trim(strings.TrimSpace(value), `"`)
			}
			header = ""
		default:
			body += line
		}
	}
	if !done {
		return bad(fmt.Errorf("it has no line %q", ssh2End))
	}
	blob, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return bad(err)
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return bad(err)
	}
	return key, comment, nil
}

func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s))
}
