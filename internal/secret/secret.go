// Package secret holds text that cannot print itself: passwords, passphrases, private keys.
package secret

import (
	"fmt"
	"log/slog"
)

const mark = "***"

// Text is a secret. Every way of printing it gives the same mark, whatever it holds; Reveal is the one way out.
// The zero value is the empty secret.
type Text struct {
	bytes []byte
}

// New makes a secret of a copy of b.
func New(b []byte) Text { return Text{bytes: append([]byte(nil), b...)} }

// Reveal gives the secret itself. Search for this name to find every use.
func (t Text) Reveal() []byte { return t.bytes }

// Empty says whether there is nothing to hide.
func (t Text) Empty() bool { return len(t.bytes) == 0 }

// Wipe overwrites the secret in memory.
func (t Text) Wipe() { clear(t.bytes) }

// String gives the mark.
func (t Text) String() string { return mark }

// GoString gives the mark.
func (t Text) GoString() string { return mark }

// Format gives the mark for every verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mark)) }

// LogValue gives the mark.
func (t Text) LogValue() slog.Value { return slog.StringValue(mark) }

// MarshalText gives the mark, to JSON and YAML as well.
func (t Text) MarshalText() ([]byte, error) { return []byte(mark), nil }
