package audit

import (
	"fmt"
	"io"
)

// Kind is what is wrong.
type Kind string

// The kinds of findings.
const (
	Lost        Kind = "LOST"
	Dup         Kind = "DUP"
	Partial     Kind = "PARTIAL"
	EarlyDelete Kind = "EARLY_DELETE"
	Ghost       Kind = "GHOST"
	Stuck       Kind = "STUCK"
)

// Kinds are all of them, in the order in which they are printed.
var Kinds = []Kind{Lost, Dup, Partial, EarlyDelete, Ghost, Stuck}

// Finding is one thing that is wrong.
type Finding struct {
	Kind     Kind   `json:"kind"`
	Job      string `json:"job"`
	File     int64  `json:"file,omitempty"` // id in the ledger; 0: none
	Path     string `json:"path,omitempty"`
	SHA256   string `json:"sha256,omitempty"` // of the version
	Evidence string `json:"evidence"`
}

// String is a line for a person.
func (f Finding) String() string {
	hash := f.SHA256
	if len(hash) > 12 {
		hash = hash[:12]
	}
	return fmt.Sprintf("%-12s job %s, file %d, %q, sha256 %s: %s", f.Kind, f.Job, f.File, f.Path, hash, f.Evidence)
}

// Report is what the evidence comes to.
type Report struct {
	Findings []Finding `json:"findings"`

	// What became of the versions that were put out.
	Versions    int `json:"versions"`
	Arrived     int `json:"arrived"`     // landed or delivered, whole or damaged
	Pending     int `json:"pending"`     // in the ledger with what they wait for, or why they were not taken
	Assumed     int `json:"assumed"`     // a person or on_lost_reply: assume said that they arrived, and nobody saw it
	Unseen      int `json:"unseen"`      // no complete listing ever showed them
	Overwritten int `json:"overwritten"` // shown, and replaced or removed by the customer before they could be taken
	Asked       int `json:"asked"`       // arrived once more because a person asked for it
}

// Count says how many findings of a kind there are.
func (r Report) Count(k Kind) int {
	n := 0
	for _, f := range r.Findings {
		if f.Kind == k {
			n++
		}
	}
	return n
}

// Print writes the counts, and a line for each finding.
func (r Report) Print(w io.Writer) error {
	for _, k := range Kinds {
		if _, err := fmt.Fprintf(w, "%s %d  ", k, r.Count(k)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%d versions: %d arrived, %d pending, %d assumed, %d unseen, %d overwritten; %d arrived again as asked\n",
		r.Versions, r.Arrived, r.Pending, r.Assumed, r.Unseen, r.Overwritten, r.Asked)
	for _, f := range r.Findings {
		if err == nil {
			_, err = fmt.Fprintln(w, f)
		}
	}
	return err
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }
