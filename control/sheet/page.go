package sheet

import (
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
)

// Style is the style sheet of the page, for screen and paper.
//
//go:embed sheet.css
var Style string

//go:embed sheet.tmpl
var pageText string

var page = template.Must(template.New("sheet").Funcs(template.FuncMap{
	"spans": spans,
	"add":   func(a, b int) int { return a + b },
	"head":  func(rows [][]string) []string { return rows[0] },
	"body":  func(rows [][]string) [][]string { return rows[1:] },
	"save":  saved,
	"plain": unmarked,
	"style": func() template.CSS { return template.CSS(Style) }, // our own text, of the build
}).Parse(pageText))

// saved is an address that holds a text itself, for a link that saves it as a file.
func saved(content string) template.URL {
	return template.URL("data:application/octet-stream;base64," + base64.StdEncoding.EncodeToString([]byte(content)))
}

// span is a part of a text; Typed ones are to be typed letter by letter.
type span struct {
	Text  string
	Typed bool
}

func spans(s string) []span {
	var all []span
	for i, part := range strings.Split(s, "`") {
		if part != "" {
			all = append(all, span{part, i%2 == 1})
		}
	}
	return all
}

// writePage writes a page that stands alone.
func writePage(w io.Writer, d Document) error { return page.ExecuteTemplate(w, "page", d) }

// Body gives what belongs into the body of a page that has Style already.
func Body(d Document) (template.HTML, error) {
	var b strings.Builder
	err := page.ExecuteTemplate(&b, "body", d)
	return template.HTML(b.String()), err // made by a template, which has escaped what was put in
}
