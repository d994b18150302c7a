package sheet

import "html/template"

// Document is a sheet in one language, in no form yet.
type Document struct {
	Language string
	Title    string
	Subject  string // of a mail
	Letter   []string
	Sections []Section
}

// Section is one numbered part.
type Section struct {
	Title  string
	Class  string // how it is shown, where that is not as usual
	Blocks []Block
}

// Block is one thing in a section; exactly one of its fields is set, but for Code, its Name and Save, and Text and its QR. In texts, `so` marks what is to
// be typed or read letter by letter.
type Block struct {
	Text  string
	QR    template.HTML // the address in Text, for pages
	Items []string
	Code  string // kept as it is, line by line
	Name  string // of the file that Code may be saved as
	Save  string // the words for that
	Rows  [][]string
	Blank *Blank // what the customer fills in
}

// Blank is what the customer fills in: on paper, or where there is a form, in that.
type Blank struct {
	Lines  []string
	Choice string // what is ticked
	Form   *Form
}

func text(s string) Block          { return Block{Text: s} }
func items(s ...string) Block      { return Block{Items: s} }
func code(s string) Block          { return Block{Code: s} }
func table(rows ...[]string) Block { return Block{Rows: rows} }
