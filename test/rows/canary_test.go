package rows_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A canary is a secret that must be seen nowhere but where it is kept.
type canary struct {
	what  string
	forms []form
}

// A form is one way in which a secret would be seen.
type form struct {
	how  string
	text []byte
}

// newCanary is a secret, in every form in which programs write down what they hold.
func newCanary(what string, secret []byte) canary {
	text := string(secret)
	quoted, encoded := strconv.Quote(text), jsonText(text)
	twice := strconv.Quote(quoted[1 : len(quoted)-1])
	c := canary{what: what, forms: []form{
		{"as it is", secret},
		{"quoted", []byte(quoted[1 : len(quoted)-1])},
		{"quoted twice", []byte(twice[1 : len(twice)-1])},
		{"quoted, in ASCII", []byte(strings.Trim(strconv.QuoteToASCII(text), `"`))},
		{"in JSON", []byte(encoded)},
		{"in JSON in JSON", []byte(jsonText(encoded))},
		{"in a URL", []byte(url.QueryEscape(text))},
		{"in a path", []byte(url.PathEscape(text))},
		{"in hex", []byte(hex.EncodeToString(secret))},
		{"in HEX", []byte(strings.ToUpper(hex.EncodeToString(secret)))},
		{"as numbers", []byte(strings.Trim(fmt.Sprint(secret), "[]"))},
		{"as a list of numbers", []byte(strings.ReplaceAll(strings.Trim(fmt.Sprint(secret), "[]"), " ", ", "))},
		{"as Go shows bytes", []byte(strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", secret), "[]byte{"), "}"))},
	}}
	for before := range 3 {
		for name, alphabet := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64 of URLs": base64.RawURLEncoding} {
			core := alphabet.EncodeToString(append(make([]byte, before), secret...))
			if (before+len(secret))%3 > 0 {
				core = core[:len(core)-1]
			}
			c.forms = append(c.forms, form{fmt.Sprintf("in %s behind %d bytes", name, before), []byte(core[(before*8+5)/6:])})
		}
	}
	return c
}

// inPieces are canaries of a long secret: any of its pieces is one.
func inPieces(what string, pieces ...string) []canary {
	var all []canary
	for i, piece := range pieces {
		all = append(all, newCanary(fmt.Sprintf("%s, piece %d", what, i+1), []byte(piece)))
	}
	return all
}

// privateLines are the lines of a private block that say more than its public one: the secrets in it.
func privateLines(private, public string) []string {
	var lines []string
	for line := range strings.Lines(private) {
		if line = strings.TrimSpace(line); len(line) >= 24 && !strings.Contains(public, line) && !strings.Contains(line, ": ") && !strings.Contains(line, "-----") {
			lines = append(lines, line)
		}
	}
	return lines
}

// privatePieces are pieces of a binary private key, of 32 bytes, that its public key does not hold.
func privatePieces(private, public []byte) []string {
	var pieces []string
	for at := 0; at+32 <= len(private); at += 16 {
		if piece := private[at : at+32]; !bytes.Contains(public, piece) {
			pieces = append(pieces, string(piece))
		}
	}
	return pieces
}

func jsonText(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err) // no string is refused
	}
	return string(b[1 : len(b)-1])
}

// seenIn gives the first form of the canary that stands in a text.
func (c canary) seenIn(text []byte) (how string, seen bool) {
	for _, f := range c.forms {
		if len(f.text) > 0 && bytes.Contains(text, f.text) {
			return f.how, true
		}
	}
	return "", false
}

// mine is where canaries must not be: texts by the name of their place.
type mine struct {
	t      testing.TB
	places map[string]*bytes.Buffer
}

func newMine(t testing.TB) *mine { return &mine{t, map[string]*bytes.Buffer{}} }

// hear keeps what was said in a place.
func (m *mine) hear(place string, texts ...string) {
	if m.places[place] == nil {
		m.places[place] = &bytes.Buffer{}
	}
	for _, text := range texts {
		m.places[place].WriteString(text + "\n")
	}
}

// files keeps every file in a folder, but those that it names; the name of each is heard as well.
func (m *mine) files(place, folder string, but ...string) {
	m.t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || slices.Contains(but, path) {
			if entry != nil && entry.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		m.hear(place, path)
		if !entry.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		m.hear(place, string(content))
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
}

// search looks for every canary in every place. In each place it must find the control: what is there on purpose, in one of
// the forms in which a canary would be.
func (m *mine) search(canaries []canary, controls map[string]string) {
	m.t.Helper()
	for place, text := range m.places {
		control, named := controls[place]
		if !named {
			m.t.Errorf("nothing shows that a canary would be seen in %s", place)
		}
		if _, seen := newCanary("control", []byte(control)).seenIn(text.Bytes()); !seen {
			m.t.Errorf("%s (%d bytes) does not hold %q, which is there: a canary would not be seen", place, text.Len(), control)
		}
		for _, c := range canaries {
			if how, seen := c.seenIn(text.Bytes()); seen {
				m.t.Errorf("%s is in %s, %s:\n%s", c.what, place, how, around(text.String(), c))
			}
		}
	}
	for place := range controls {
		if m.places[place] == nil {
			m.t.Errorf("nothing was heard from %s", place)
		}
	}
}

// around shows where a canary stands.
func around(text string, c canary) string {
	for _, f := range c.forms {
		if at := strings.Index(text, string(f.text)); at >= 0 {
			return strconv.Quote(text[max(0, at-200):min(len(text), at+len(f.text)+100)])
		}
	}
	return ""
}

// The search finds a canary in each form, whatever stands around it.
func TestCanariesAreFoundInEveryForm(t *testing.T) {
	secret := `Kan"a\rie <ö>&%+/=7`
	c := newCanary("a secret", []byte(secret))
	for _, planted := range []string{
		secret, strconv.Quote("x " + secret), strconv.Quote("y " + strconv.Quote(secret)), strconv.QuoteToASCII(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%X", "y"+secret), fmt.Sprint([]byte(secret)),
		fmt.Sprintf("%#v", []byte("z"+secret)), url.QueryEscape("a=" + secret), url.PathEscape(secret), jsonText("x" + secret), jsonText(jsonText(secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("u:" + secret + "\n")), base64.URLEncoding.EncodeToString([]byte("a" + secret)),
		base64.RawURLEncoding.EncodeToString([]byte("abcd" + secret)),
	} {
		if _, seen := c.seenIn([]byte("some text before " + planted + " and after")); !seen {
			t.Errorf("not seen in %q", planted)
		}
	}
	for _, other := range []string{secret[:len(secret)-1], "Kanarie", base64.StdEncoding.EncodeToString([]byte("something else altogether"))} {
		if how, seen := c.seenIn([]byte(other)); seen {
			t.Errorf("seen in %q, %s", other, how)
		}
	}
}
