package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errNoAnswer: the input ended where an answer was wanted.
var errNoAnswer = errors.New("the input ended before the answer")

// prompter asks a person, or a script that answers a line a question. Questions go to stderr, with --quiet as well.
type prompter struct {
	input  *bufio.Reader
	output io.Writer
	person bool // may be asked again
}

func newPrompter(a *app) *prompter {
	return &prompter{bufio.NewReader(a.stdin), a.stderr, isTerminal(a.stdin)}
}

// ask gives the answer, or the fallback for an empty line. What judge refuses is asked again on a terminal, and is an
// error elsewhere, where the next line answers another question.
func (p *prompter) ask(ctx context.Context, question, fallback string, judge func(string) error) (string, error) {
	for {
		fmt.Fprintf(p.output, "%s [%s]: ", question, fallback)
		answer, err := p.line(ctx)
		if err != nil || !p.person {
			fmt.Fprintln(p.output) // no person ended the line
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", question, err)
		}
		if answer == "" {
			answer = fallback
		}
		err = judge(answer)
		if err == nil || !p.person {
			return answer, err
		}
		fmt.Fprintf(p.output, "  %v\n", err)
	}
}

// line reads a line without its blanks at both ends. A read cannot be ended: when the context is, it is left behind,
// and ends with the process.
func (p *prompter) line(ctx context.Context) (string, error) {
	type result struct {
		text string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		text, err := p.input.ReadString('\n')
		read <- result{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case r := <-read:
		if errors.Is(r.err, io.EOF) && r.text != "" {
			return r.text, nil
		}
		if errors.Is(r.err, io.EOF) {
			return "", errNoAnswer
		}
		return r.text, r.err
	}
}
