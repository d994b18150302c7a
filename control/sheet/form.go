package sheet

import (
	"slices"
	"strconv"
	"time"
)

// Form is what a customer fills in on the page of a link, in place of the lines on paper.
type Form struct {
	Action string
	Intro  string
	Notes  []Note
	Sent   []Pair  // what has just been sent
	Typed  []Pair  // what was typed and is not taken, to be copied
	Fields []Field // empty: nothing can be filled in
	Send   string
}

// Note says how an answer was taken.
type Note struct {
	Text string
	Bad  bool
}

// Pair is one thing that was filled in.
type Pair struct{ Label, Value string }

// Field is one thing to be filled in.
type Field struct {
	Name, Label string
	Value       string
	Fault       string // what is wrong with the value
	Rows        int    // 0: one line
	Digits      bool
	Options     []Option // instead of a text
}

// Option is one value that may be chosen.
type Option struct{ Value, Label string }

// State is how far a form has come.
type State struct {
	Action string    // where it is sent
	Before time.Time // when something came last by this link; zero: never
	Values Answers   // what was filled in and is not sent yet
	Faults Faults    // why
	Sent   Answers   // what has just been sent
	Why    Trouble   // why nothing of it was taken, where nothing is wrong with it
}

// Trouble keeps something from being taken: the name of a text.
type Trouble string

// The troubles.
const (
	Full   Trouble = "full"   // the link takes no more
	Unread Trouble = "unread" // it was too large, or cut off
	Failed Trouble = "failed" // it cannot be kept now
)

// Fill puts a form where a sheet has lines to be filled in.
func (d Document) Fill(s State) Document {
	c := composer{wording: wording(book.In(d.Language)), language: d.Language}
	form := c.form(s)
	d.Sections = slices.Clone(d.Sections)
	for i, section := range d.Sections {
		d.Sections[i].Blocks = slices.Clone(section.Blocks)
		for j, block := range section.Blocks {
			if block.Blank != nil {
				d.Sections[i].Blocks[j] = Block{Blank: &Blank{Form: &form}}
			}
		}
	}
	return d
}

func (c composer) form(s State) Form {
	f := Form{Action: s.Action, Intro: c.say("form.here"), Send: c.say("form.send"), Notes: c.notes(s), Sent: c.pairs(s.Sent)}
	if s.Why == Full {
		f.Typed = c.pairs(s.Values)
	}
	if s.Why == Full || s.Why == Unread || len(s.Sent) > 0 {
		return f
	}
	for _, a := range fields {
		field := Field{Name: a.name, Label: c.say("tell." + a.name), Value: s.Values[a.name], Rows: a.rows, Digits: a.name == "port"}
		if fault := s.Faults[a.name]; fault != "" {
			field.Fault = c.say("form."+fault, "most", strconv.Itoa(a.most))
		}
		if a.name == "method" {
			for _, method := range methods {
				field.Options = append(field.Options, Option{method, c.say("method." + method)})
			}
		}
		f.Fields = append(f.Fields, field)
	}
	return f
}

func (c composer) notes(s State) []Note {
	var notes []Note
	switch {
	case len(s.Sent) > 0:
		return []Note{{Text: c.say("form.sent")}}
	case s.Why != "":
		notes = append(notes, Note{c.say("form." + string(s.Why)), true})
	case s.Faults[""] != "":
		notes = append(notes, Note{c.say("form." + s.Faults[""]), true})
	case len(s.Faults) > 0:
		notes = append(notes, Note{c.say("form.wrong"), true})
	}
	if !s.Before.IsZero() {
		notes = append(notes, Note{Text: c.say("form.before", "date", c.day(s.Before))})
	}
	return notes
}

// pairs are answers with what was asked, in the order of the form.
func (c composer) pairs(a Answers) []Pair {
	var pairs []Pair
	for _, f := range fields {
		value := a[f.name]
		if value == "" {
			continue
		}
		if f.name == "method" && slices.Contains(methods, value) {
			value = c.say("method." + value)
		}
		pairs = append(pairs, Pair{c.say("tell." + f.name), value})
	}
	return pairs
}

// Pairs are answers with what was asked, in a language, in the order of the form.
func Pairs(language string, a Answers) []Pair {
	return composer{wording: wording(book.In(language)), language: language}.pairs(a)
}
