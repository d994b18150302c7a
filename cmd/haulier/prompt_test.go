package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAsk(t *testing.T) {
	errRefused := errors.New("refused")
	judge := func(text string) error {
		if text == "bad" {
			return errRefused
		}
		return nil
	}
	for _, c := range []struct {
		name, input string
		person      bool
		want        string
		err         error
	}{
		{"an answer", " yes \nnext\n", false, "yes", nil},
		{"an empty line", "\n", false, "fallback", nil},
		{"a last line without its end", "yes", false, "yes", nil},
		{"no answer", "", true, "", errNoAnswer},
		{"a bad answer of a script", "bad\ngood\n", false, "bad", errRefused},
		{"a bad answer of a person", "bad\ngood\n", true, "good", nil},
		{"bad to the end", "bad\n", true, "", errNoAnswer},
		{"Windows line ends", "yes\r\n", false, "yes", nil},
	} {
		var shown strings.Builder
		p := &prompter{bufio.NewReader(strings.NewReader(c.input)), &shown, c.person}
		got, err := p.ask(context.Background(), "Question", "fallback", judge)
		if !errors.Is(err, c.err) || got != c.want {
			t.Errorf("%s: %q, %v; want %q, %v", c.name, got, err, c.want, c.err)
		}
		if !strings.HasPrefix(shown.String(), "Question [fallback]: ") {
			t.Errorf("%s: asked %q", c.name, shown.String())
		}
	}
}

// TestAskEndsWithTheContext: a person at the terminal need not press enter after Ctrl-C.
func TestAskEndsWithTheContext(t *testing.T) {
	reader, writer := io.Pipe()
	defer func() { _ = writer.Close() }() // ends the read that is left behind
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(stopped)
	p := &prompter{bufio.NewReader(reader), io.Discard, true}
	if _, err := p.ask(ctx, "Question", "fallback", func(string) error { return nil }); !errors.Is(err, stopped) {
		t.Errorf("ask gave %v", err)
	}
}
