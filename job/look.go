package job

import "time"

// Look is what the last listing of a job held, as far as it helps to tell why what was expected did not come.
type Look struct {
	Job    string
	At     time.Time
	Run    int64
	Names  int     // files in the folder
	Strays []Stray // nearest first; some at most
}

// Stray is a file that a listing held and the job did not take, and what its name lacks.
type Stray struct {
	Name string `json:"name"` // printable
	Why  string `json:"why"`
}
