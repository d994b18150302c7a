package pgp

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// magic are the first bytes of files that customers send by mistake.
var magic = []struct{ start, is string }{
	{"\x1f\x8b", "is a gzip file"},
	{"PK\x03\x04", "is a zip file (or an Office document)"},
	{"BZh", "is a bzip2 file"},
	{"\xfd7zXZ", "is an xz file"},
	{"\x28\xb5\x2f\xfd", "is a zstd file"},
	{"7z\xbc\xaf", "is a 7-Zip file"},
	{"%PDF", "is a PDF file"},
	{"\xff\xfe", "is UTF-16 text"},
	{"\xfe\xff", "is UTF-16 text"},
	{"-----BEGIN PKCS7", "is a PKCS#7 message, which is not PGP"},
	{"MIME-Version:", "is an e-mail"},
}

// guess says what a file that is not OpenPGP seems to be. What it says is logged, so it shows nothing of the content but the
// names of columns and the bytes that tell one format from another.
func guess(first []byte) string {
	for _, m := range magic {
		if bytes.HasPrefix(first, []byte(m.start)) {
			return m.is
		}
	}
	text := bytes.TrimPrefix(first, []byte("\xef\xbb\xbf"))
	if looksLikeText(text) {
		line, _, _ := bytes.Cut(text, []byte("\n"))
		if line = bytes.TrimRight(line, "\r"); isHeading(string(line)) {
			return "starts with " + printable(string(line), 40)
		}
		return "is text in clear"
	}
	return fmt.Sprintf("starts with the bytes % x", first[:min(4, len(first))])
}

// columns are words that headings have and rows do not.
var columns = []string{"id", "name", "email", "mail", "date", "amount", "code", "number", "nr", "no", "type", "status", "city", "country"}

// isHeading says whether a line names columns, and is no row: words without digits, one of which is a usual name of a
// column or has an underscore.
func isHeading(line string) bool {
	fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(";,\t|", r) })
	usual := false
	for _, field := range fields {
		field = strings.ToLower(strings.Trim(field, `" `))
		if strings.ContainsFunc(field, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) }) {
			return false
		}
		usual = usual || slices.Contains(columns, field) || strings.Contains(field, "_")
	}
	return usual && len(fields) > 1
}

// looksLikeText says whether b is text in UTF-8 or in a single-byte code. OpenPGP packets carry a version number, which is a
// control character, among their first bytes.
func looksLikeText(b []byte) bool {
	if len(b) < 4 && len(b) > 0 && b[0]&0x80 != 0 {
		return false
	}
	for _, c := range bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")) {
		if c < 0x20 && c != '\t' && c != '\r' && c != '\n' || c == 0x7f {
			return false
		}
		// 0x80 to 0x9f are parts of UTF-8 sequences or of Windows code pages.
	}
	return true
}

// printable quotes text that came from outside: one line, no control characters, at most limit bytes of it.
func printable(s string, limit int) string {
	cut := ""
	if len(s) > limit {
		s, cut = s[:limit], "…"
	}
	return strconv.QuoteToGraphic(s) + cut
}

// plain is printable without the quotes, for texts of libraries.
func plain(s string, limit int) string {
	q := printable(s, limit)
	if q[len(q)-1] == '"' {
		return q[1 : len(q)-1]
	}
	return q[1:len(q)-len(`"…`)] + "…"
}
