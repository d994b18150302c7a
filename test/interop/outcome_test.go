package interop

import (
	"fmt"
	"strings"
)

// outcome is what a behaviour came to on a server.
type outcome struct {
	kind kind
	text string // slug of a refusal, what is different, why it was not possible, or what went wrong
}

type kind int

// The kinds of outcomes.
const (
	works   kind = iota
	refused      // the server or the program said no, in the way that the text names, and no data came to harm
	differs      // it works in another way than elsewhere
	cannot       // the question cannot be put to this server
	fails        // none of these: a defect, ours or theirs
)

func (o outcome) String() string {
	word := map[kind]string{works: "works", refused: "refused", differs: "differs", cannot: "cannot", fails: "FAILS"}[o.kind]
	return strings.TrimSuffix(word+": "+o.text, ": ")
}

// ended carries an outcome out of the middle of a behaviour.
type ended struct{ outcome }

func end(k kind, format string, args ...any) { panic(ended{outcome{k, fmt.Sprintf(format, args...)}}) }

// judge runs a behaviour and says what it came to.
func judge(do func()) (o outcome) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case ended:
			o = r.outcome
		default:
			panic(r)
		}
	}()
	do()
	return outcome{}
}
