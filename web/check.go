package web

import (
	"io"
	"net/http"
)

// Checker judges a configuration by its text alone.
type Checker interface {
	CheckText(text []byte) Checked
}

// Checked is what is wrong with a configuration.
type Checked struct {
	Errors   int          `json:"errors"`
	Warnings int          `json:"warnings"`
	Problems []Diagnostic `json:"problems"`
}

// Diagnostic is one thing that is wrong, as `haulier check --json` has it.
type Diagnostic struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
}

// checkMost bounds a configuration that is sent, in bytes.
const checkMost = 1 << 20

func (a *api) check(r *http.Request) (any, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, checkMost))
	if err != nil {
		return nil, unreadable(err, checkMost)
	}
	return a.Checker.CheckText(text), nil
}
