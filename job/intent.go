package job

// Intent is one thing that the next run of a job would do, or would leave alone and why.
type Intent struct {
	Mark   Mark     `json:"mark"`
	Act    string   `json:"act"`  // download, upload, move, delete, skip, wait, held, reject
	Name   string   `json:"name"` // printable
	Size   int64    `json:"size"` // bytes; -1: not known
	Why    string   `json:"why,omitempty"`
	Detail []string `json:"detail,omitempty"` // what happens on the way
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
