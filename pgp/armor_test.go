package pgp_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp/armor"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

func armorWriter(w io.Writer) (io.WriteCloser, error) {
	return armor.Encode(w, "PGP PUBLIC KEY BLOCK", nil)
}

func TestArmorIsReadAsPeopleSendIt(t *testing.T) {
	ours := pairs[pgp.X25519]()
	plain := table(3000)
	text := string(seal(t, &pgp.Sealer{To: []job.Key{ours.Key}, Armor: true}, plain, 500))
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(strings.TrimSpace(body), "\n")
	data := strings.Join(lines[:len(lines)-2], "")

	for name, sent := range map[string]string{
		"as made":                text,
		"CRLF":                   strings.ReplaceAll(text, "\n", "\r\n"),
		"trailing blanks":        strings.ReplaceAll(text, "\n", " \t\n"),
		"text before":            "Dear colleagues,\nplease find our file:\n\n" + text,
		"byte-order mark":        "\xef\xbb\xbf\n" + text,
		"headers":                strings.Replace(text, "\n\n", "\nVersion: BCPG v1.59\nComment: -----\n\n", 1),
		"no checksum":            strings.Replace(text, "\n"+lines[len(lines)-2], "", 1),
		"wrong checksum":         strings.Replace(text, lines[len(lines)-2], "=AAAA", 1),
		"no line end":            strings.TrimSpace(text),
		"white space after":      text + "\r\n \t\n\n",
		"one long line":          head + "\n\n" + data + "\n-----END PGP MESSAGE-----\n",
		"odd line length":        head + "\n\n" + wrap(data, 37) + "-----END PGP MESSAGE-----\n",
		"lines of one":           head + "\n\n" + wrap(data, 1) + "-----END PGP MESSAGE-----\n",
		"empty lines in between": strings.ReplaceAll(text, "\n", "\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, []byte(sent))
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
		})
	}
	for name, c := range map[string]struct{ sent, slug string }{
		"second message":     {text + text, "pgp.trailing_data"},
		"text after":         {text + "Kind regards\n", "pgp.trailing_data"},
		"foreign character":  {strings.Replace(text, lines[0], lines[0][:10]+"!"+lines[0][11:], 1), "pgp.tampered"},
		"line lost":          {strings.Replace(text, lines[4]+"\n", "", 1), "pgp.truncated"},
		"other END":          {strings.Replace(text, "-----END PGP MESSAGE", "-----END PGP SIGNATURE", 1), "pgp.tampered"},
		"padding inside":     {strings.Replace(text, lines[3], lines[3][:6]+"==", 1), "pgp.tampered"},
		"header without end": {head + "\n" + wrap(data, 64), "pgp.malformed"},
		"endless preamble":   {strings.Repeat("x", 70<<10) + "\n" + text, "pgp.not_encrypted"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := open(&pgp.Opener{Keys: []pgp.Private{ours.Private}}, []byte(c.sent))
			if slug(err) != c.slug {
				t.Fatalf("%d bytes, %v; want %s", len(got), err, c.slug)
			}
		})
	}
}

func wrap(s string, n int) string {
	var b strings.Builder
	for len(s) > n {
		b.WriteString(s[:n] + "\n")
		s = s[n:]
	}
	return b.String() + s + "\n"
}

// slug is the slug of a failure, or its text.
func slug(err error) string {
	var r *job.Reason
	if errors.As(err, &r) {
		return r.Slug
	}
	if err == nil {
		return ""
	}
	return err.Error()
}
