package naming

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Template makes names: text with {name} {stem} {ext} {date[±Nd|h]:%strftime} {run} {seq}.
type Template struct {
	text  string
	parts []func(Values) string
}

// Values fill a template.
type Values struct {
	Name string    // of the source, without folder
	At   time.Time // scheduled time of the run, in the job's zone
	Run  int64
	Seq  int // number of the file within the run, from 1
}

// ParseTemplate reads a template.
func ParseTemplate(text string) (Template, error) {
	t := Template{text: text}
	if text == "" {
		return t, fmt.Errorf("the name is empty")
	}
	for rest := text; rest != ""; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			t.literal(rest)
			break
		}
		t.literal(rest[:open])
		end := strings.IndexByte(rest, '}')
		if rest[open] == '}' || end < 0 {
			return Template{}, fmt.Errorf("name %q: { and } do not pair", text)
		}
		if err := t.token(rest[open+1 : end]); err != nil {
			return Template{}, fmt.Errorf("name %q: %w", text, err)
		}
		rest = rest[end+1:]
	}
	probe := t.Render(Values{Name: "name.ext", At: time.Unix(0, 0).UTC(), Run: 1, Seq: 1})
	if err := Check(probe); err != nil {
		return Template{}, fmt.Errorf("name %q: %w", text, err)
	}
	return t, nil
}

func (t *Template) literal(text string) {
	if text != "" {
		t.parts = append(t.parts, func(Values) string { return text })
	}
}

func (t *Template) token(token string) error {
	switch {
	case token == "name":
		t.parts = append(t.parts, func(v Values) string { return v.Name })
	case token == "stem":
		t.parts = append(t.parts, func(v Values) string { stem, _ := Split(v.Name); return stem })
	case token == "ext":
		t.parts = append(t.parts, func(v Values) string { _, ext := Split(v.Name); return ext })
	case token == "run":
		t.parts = append(t.parts, func(v Values) string { return strconv.FormatInt(v.Run, 10) })
	case token == "seq":
		t.parts = append(t.parts, func(v Values) string { return strconv.Itoa(v.Seq) })
	case strings.HasPrefix(token, "date"):
		d, err := parseDate(token[len("date"):])
		if err != nil {
			return err
		}
		t.parts = append(t.parts, func(v Values) string { return d.render(v.At) })
	default:
		return fmt.Errorf("{%s} is not known; there are {name} {stem} {ext} {date:%%Y%%m%%d} {run} {seq}", token)
	}
	return nil
}

// Render gives the name. What it gives came partly from outside: Check it.
func (t Template) Render(v Values) string {
	var out strings.Builder
	for _, next := range t.parts {
		out.WriteString(next(v))
	}
	return out.String()
}

// String gives the template as written.
func (t Template) String() string { return t.text }

// OpenedTemplate is the template of Opened.
func OpenedTemplate() Template {
	return Template{parts: []func(Values) string{func(v Values) string { return Opened(v.Name) }}}
}

// Opened is the name of a file after decryption: without .pgp, .gpg or .asc.
func Opened(name string) string {
	for _, ext := range []string{".pgp", ".gpg", ".asc"} {
		if cut := len(name) - len(ext); cut > 0 && strings.EqualFold(name[cut:], ext) {
			return name[:cut]
		}
	}
	return name
}
