package job

// Intent is one thing that the next run of a job would do, or would leave alone and why.
type Intent struct {
	Mark   Mark     `json:"mark"`
	Act    string   `json:"act"`  // download, upload, move, delete, skip, wait, held, reject; more for Rest further ones
	Name   string   `json:"name"` // printable
	Size   int64    `json:"size"` // bytes; -1: not known
	Why    string   `json:"why,omitempty"`
	Detail []string `json:"detail,omitempty"` // what happens on the way
	Rest   int      `json:"rest,omitempty"`   // of act more: how many further ones of this mark there are, which have no line
}

// CountIntents counts intents by their marks, with those that have no line.
func CountIntents(intents []Intent) map[Mark]int {
	counts := map[Mark]int{}
	for _, i := range intents {
		counts[i.Mark] += max(1, i.Rest)
	}
	return counts
}

// Mark is how plans show an intent.
type Mark string

// The marks.
const (
	MarkTransfer Mark = "+"
	MarkMove     Mark = ">"
	MarkDelete   Mark = "-"
	MarkDone     Mark = "=" // done before
	MarkWait     Mark = "." // not ready
	MarkFail     Mark = "!" // would fail
)
