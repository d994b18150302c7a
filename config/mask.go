package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// secretish finds keys whose values may be secrets, misspelled ones and those under unknown keys too.
var secretish = regexp.MustCompile(`(?i)pas+|phrase|pwd|pw$|secret|token|private|credential|dsn`)

// address finds keys whose values are often secrets by themselves: whoever knows such an address can use it.
var address = regexp.MustCompile(`(?i)url$`)

// userinfo finds user:password@host, in addresses and URLs. A password that was pasted as it is may hold anything.
var userinfo = regexp.MustCompile(`(?s)[^\s:@/]:.+@`)

// secretSources are the keys of a secret reference.
var secretSources = []string{"env", "file", "credential", "stored"}

// plainNames are what references to secrets look like; anything else may be the secret itself.
var plainNames = map[string]*regexp.Regexp{
	"env":        regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`),
	"file":       regexp.MustCompile(`^[^\x00-\x1f]+$`),
	"credential": regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`),
	"stored":     regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`),
}

// findMasks notes where secrets may stand, before anything of the file is quoted. Beneath names that the user gives
// (a connection called passport-office) only a bare value is suspect.
func (s *source) findMasks(n *yaml.Node, names bool) {
	if n.Kind == yaml.ScalarNode && (strings.Contains(n.Value, "-----BEGIN") || userinfo.MatchString(n.Value)) {
		s.mask(n)
	}
	if n.Kind != yaml.MappingNode {
		for _, child := range n.Content {
			s.findMasks(child, false)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isSecretKey(key.Value) && !(names && value.Kind == yaml.MappingNode) {
			s.maskValue(value)
		}
		s.findMasks(key, false)
		s.findMasks(value, nouns[key.Value] != "" || key.Value == "locations")
	}
}

func isSecretKey(key string) bool {
	return (secretish.MatchString(key) || address.MatchString(key)) && !slices.Contains(secretSources, key)
}

// maskValue hides what stands where a secret reference should stand. Only a well-made reference is left to be read.
func (s *source) maskValue(n *yaml.Node) {
	switch n.Kind {
	case yaml.ScalarNode:
		s.mask(n)
	case yaml.AliasNode:
		s.mask(n)
		s.maskAlias(n.Alias)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			s.maskValue(item)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if !slices.Contains(secretSources, key.Value) {
				s.mask(key)
			}
			if re := plainNames[key.Value]; re == nil || value.Kind != yaml.ScalarNode || !re.MatchString(value.Value) {
				s.maskValue(value)
			}
		}
	}
}

// maskAlias hides a single value that an alias brings.
func (s *source) maskAlias(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		s.mask(n)
	}
}

// mask hides the rest of the node's line, and all lines of a text of several lines.
func (s *source) mask(n *yaml.Node) {
	if s.masks == nil {
		s.masks = map[int]int{}
	}
	s.hide(n.Line, n.Column)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 || strings.Contains(n.Value, "\n") {
		for line := n.Line + 1; line <= len(s.lines) && line <= n.Line+1+strings.Count(n.Value, "\n"); line++ {
			s.hide(line, 1)
		}
	}
}

func (s *source) hide(line, column int) {
	if was, ok := s.masks[line]; !ok || column < was {
		s.masks[line] = column
	}
}

// maskRaw is for a file that is no YAML: it hides all behind a secretish word of the line, and the whole line when a
// line that it is indented under has one.
func (s *source) maskRaw(line int) map[int]int {
	masks := map[int]int{}
	text := s.at(line)
	if at := secretish.FindStringIndex(text); at != nil {
		masks[line] = len([]rune(text[:at[1]])) + 1
	}
	if strings.Contains(text, "PRIVATE KEY") {
		masks[line] = 1
	}
	indent := indentation(text)
	for above := line - 1; above >= 1 && line-above < 200; above-- {
		parent := s.at(above)
		if strings.TrimSpace(parent) == "" {
			continue
		}
		near := above == line-1
		if (indentation(parent) < indent || near) && secretish.MatchString(parent) || strings.Contains(parent, "PRIVATE KEY") {
			masks[line] = 1
		}
		indent = min(indent, indentation(parent))
	}
	return masks
}

func indentation(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// quote gives the line of a place as it may be shown, with the mark's column and width.
func (s *source) quote(at place) (string, int, int) {
	if at.line == 0 {
		return "", 0, 0
	}
	line, caret, width := s.at(at.line), at.column-1, at.width
	if from, ok := s.masks[at.line]; ok {
		line, caret, width = hideFrom(line, from, caret, width)
	}
	return quoteLine(line, caret, width)
}

const mark = "***"

func hideFrom(line string, from, caret, width int) (string, int, int) {
	text := []rune(line)
	keep := min(max(from-1, 0), len(text))
	if caret >= keep {
		caret, width = keep, len(mark)
	}
	return string(text[:keep]) + mark, caret, min(width, keep+len(mark)-caret)
}
