package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Bounds of what is read.
const (
	maxFileSize = 8 << 20
	maxFiles    = 10_000
)

// source is one file of the configuration.
type source struct {
	name  string // as shown in messages
	rank  int    // in the order of reading
	lines []string
	root  *yaml.Node // the top mapping; nil: nothing in the file, or not readable
	masks map[int]int
}

// place is a position in a source.
type place struct {
	src          *source
	line, column int
	width        int // characters to mark
}

// of gives the place of a node.
func (s *source) of(n *yaml.Node) place {
	if s == nil || n == nil {
		return place{src: s}
	}
	return place{src: s, line: n.Line, column: n.Column, width: widthOf(n)}
}

// widthOf measures a scalar for the marks beneath it; what does not fit on its line is cut off by quote.
func widthOf(n *yaml.Node) int {
	width := 0
	if n.Kind == yaml.ScalarNode {
		width = utf8.RuneCountInString(n.Value)
	}
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		width += 2
	}
	return max(1, width)
}

// String gives the place for a sentence.
func (p place) String() string {
	if p.line == 0 {
		return p.src.name
	}
	return fmt.Sprintf("%s:%d:%d", p.src.name, p.line, p.column)
}

// reader collects the files of a configuration and what is wrong with them.
type reader struct {
	problems Problems
	sources  []*source
	seen     map[string]bool // by cleaned path
}

func (r *reader) report(s Severity, at place, code, format string, args ...any) {
	p := Problem{Severity: s, Code: code, Message: fmt.Sprintf(format, args...), Line: at.line, Column: at.column}
	if at.src != nil {
		p.File, p.rank = at.src.name, at.src.rank
		p.quote, p.caret, p.width = at.src.quote(at)
	}
	r.problems.List = append(r.problems.List, p)
}

func (r *reader) fail(at place, code, format string, args ...any) {
	r.report(Error, at, code, format, args...)
}

func (r *reader) warn(at place, code, format string, args ...any) {
	r.report(Warning, at, code, format, args...)
}

// readAll reads haulier.yaml and finds what it includes. Those files are read when their turn comes, so that of very many
// one is held at a time.
func (r *reader) readAll(path string) {
	r.seen = map[string]bool{}
	r.add(path)
	main := r.sources[0]
	if r.read(main); main.root == nil {
		return
	}
	for _, n := range includes(main.root) {
		r.include(filepath.Dir(path), main, n)
	}
}

// includes finds the scalars of the include key; their types are judged later, with everything else.
func includes(root *yaml.Node) []*yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != "include" {
			continue
		}
		value := root.Content[i+1]
		if value.Kind == yaml.ScalarNode {
			return []*yaml.Node{value}
		}
		return slices.DeleteFunc(slices.Clone(value.Content), func(n *yaml.Node) bool { return n.Kind != yaml.ScalarNode })
	}
	return nil
}

func (r *reader) include(dir string, main *source, n *yaml.Node) {
	pattern := n.Value
	if pattern == "" {
		return
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(dir, pattern)
	}
	if info, err := os.Stat(pattern); err == nil && info.IsDir() {
		pattern = filepath.Join(pattern, "*.yaml")
	}
	files, err := filepath.Glob(pattern)
	switch {
	case err != nil:
		r.fail(main.of(n), "E-INCLUDE", "include: %s is not a pattern for files: a bracket is not closed", quoted(n.Value))
	case len(files) == 0 && !strings.ContainsAny(pattern, "*?["):
		r.fail(main.of(n), "E-INCLUDE", "include: there is no file %s", quoted(n.Value))
	}
	for _, file := range files {
		if len(r.sources) >= maxFiles {
			r.fail(main.of(n), "E-INCLUDE", "include: more than %d files", maxFiles)
			return
		}
		r.add(file)
	}
}

// add takes a file up, unless it was before.
func (r *reader) add(path string) {
	key := filepath.Clean(path)
	if r.seen[key] {
		return
	}
	r.seen[key] = true
	r.sources = append(r.sources, &source{name: path, rank: len(r.sources)})
	r.problems.Files++
}

func (r *reader) read(s *source) {
	data, err := slurp(s.name)
	if err != nil {
		r.fail(place{src: s}, "E-READ", "%s", unreadable(err))
		return
	}
	r.parse(s, data)
}

func slurp(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err == nil && len(data) > maxFileSize {
		return nil, errors.New("the file is longer than 8 MiB")
	}
	return data, err
}

func unreadable(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "this user may not read the file"
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

// parse makes the nodes of a file, or tells where its YAML ends to be YAML.
func (r *reader) parse(s *source, data []byte) {
	s.lines = strings.Split(strings.ReplaceAll(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\r\n", "\n"), "\n")
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF):
		return
	case err != nil:
		r.syntax(s, data, err)
		return
	}
	s.findMasks(&doc, false)
	if err := dec.Decode(&next); !errors.Is(err, io.EOF) {
		r.fail(place{src: s, line: max(next.Line, 1), column: 1, width: 3}, "E-SYNTAX",
			"a second document begins here; a configuration is one, so take out the line ---")
	}
	top := doc.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && top.Tag == "!!null":
	case top.Kind != yaml.MappingNode:
		r.fail(s.of(top), "E-TYPE", "the file must be keys and values, such as `version: 1`; this is %s", shape(top))
	default:
		s.root = top
	}
}

// syntax tells where the text stops being YAML. The library's words may repeat a piece of the file, so they are
// chosen from our own list.
func (r *reader) syntax(s *source, data []byte, err error) {
	at := place{src: s, line: 1, column: 1}
	text := err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		text = load.Message
		if load.Mark.Line > 0 {
			at.line, at.column = load.Mark.Line, max(load.Mark.Column, 1)
		} else {
			at.line, at.column = unreadableByte(data)
		}
	}
	at = s.clip(at)
	s.masks = s.maskRaw(at.line)
	r.fail(at, "E-SYNTAX", "%s", explain(text, s.at(at.line)))
}

// clip moves a place behind the end of the file to its last line with text.
func (s *source) clip(at place) place {
	last := len(s.lines)
	for last > 1 && strings.TrimSpace(s.lines[last-1]) == "" {
		last--
	}
	if at.line > last {
		at.line, at.column = last, len([]rune(s.at(last)))+1
	}
	return at
}

func (s *source) at(line int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	return s.lines[line-1]
}
