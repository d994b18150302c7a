package config

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/haulier/haulier/job"
	"go.yaml.in/yaml/v4"
)

// walker turns nodes into values by the table.
type walker struct {
	*reader
	src      *source
	jobType  job.Type              // of the job or channel that is being read
	open     map[*yaml.Node]bool   // aliases that are being followed
	budget   int                   // values that aliases may still bring: a guard against those that multiply
	aliased  bool                  // within an alias
	defaults map[*field]*yaml.Node // parsed defaults of the table
}

// maxValues bounds the values that aliases bring. What is written out is bounded by the size of its file.
const maxValues = 500_000

// trail is where a value stands, from the top.
type trail []string

func (p trail) to(key string) trail { return append(p[:len(p):len(p)], key) }

var nouns = map[string]string{"connections": "connection", "jobs": "job", "jump_hosts": "jump host", "calendars": "calendar", "channels": "channel"}

// String names the place as people do: `job "acme", from.match`.
func (p trail) String() string {
	if len(p) == 0 {
		return "the configuration"
	}
	if len(p) < 2 || nouns[p[0]] == "" {
		return strings.Join(p, ".")
	}
	s := fmt.Sprintf("%s %q", nouns[p[0]], p[1])
	if len(p) > 2 {
		s += ", " + strings.Join(p[2:], ".")
	}
	return s
}

// sentence joins a place and what is said of it.
func (p trail) sentence(text string) string {
	if text != "" && text[0] >= 'a' && text[0] <= 'z' {
		return p.String() + " " + text
	}
	return p.String() + ": " + text
}

// read makes the value of a node, or of its alias.
func (w *walker) readValue(f *field, key place, n *yaml.Node, p trail) *value {
	if n.Kind == yaml.AliasNode {
		return w.follow(f, key, n, p)
	}
	v := &value{row: f, at: w.src.of(n), key: key}
	if w.aliased {
		w.budget--
	}
	if w.budget < 0 {
		v.broken = true
		return v
	}
	if n.Anchor != "" {
		w.open[n] = true
		defer delete(w.open, n)
	}
	switch f.kind {
	case kObject:
		w.object(v, n, p)
	case kDict:
		w.dict(v, n, p)
	case kList:
		w.list(v, n, p)
	case kUnion:
		return w.union(v, n, p)
	case kSecret:
		w.secret(v, n, p)
	case kDays:
		w.days(v, n, p)
	default:
		w.scalar(v, n, p)
	}
	return v
}

func (w *walker) follow(f *field, key place, n *yaml.Node, p trail) *value {
	target := n.Alias
	if w.open[target] {
		w.fail(w.src.of(n), "E-ALIAS", "%s", p.sentence("is an alias of something that it is itself a part of"))
		return &value{row: f, at: w.src.of(n), key: key, broken: true}
	}
	outer := w.aliased
	w.aliased = true
	defer func() { w.aliased = outer }()
	return w.readValue(f, key, target, p)
}

func (w *walker) refuse(v *value, at place, p trail, bad *fault) {
	v.broken = true
	w.fail(at, bad.code, "%s", p.sentence(bad.text))
}

func (w *walker) scalar(v *value, n *yaml.Node, p trail) {
	v.text = n.Value
	switch {
	case n.Kind != yaml.ScalarNode:
		w.refuse(v, v.at, p, badf("E-TYPE", "wants a %s; this is %s", v.row.kind, shape(n)))
	case n.Tag == "!!null":
		w.refuse(v, v.key, p, badf("E-VALUE", "is empty"))
	case n.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(n.Tag, "!!"):
		w.refuse(v, v.at, p, badf("E-TYPE", "has a tag (a word that begins with !); tags mean nothing here"))
	default:
		data, bad := scalars[v.row.kind](v.row, n)
		if bad != nil {
			w.refuse(v, v.at, p, bad)
			return
		}
		v.data = data
	}
}

func (w *walker) list(v *value, n *yaml.Node, p trail) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
	case v.row.single && (n.Kind == yaml.ScalarNode || n.Kind == yaml.MappingNode && v.row.item.kind == kSecret):
		v.items = []*value{w.readValue(v.row.item, v.key, n, p)}
	case n.Kind != yaml.SequenceNode:
		w.refuse(v, v.at, p, badf("E-TYPE", "wants a list, such as [%s]; this is %s", v.row.item.sample(), shape(n)))
	}
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			v.items = append(v.items, w.readValue(v.row.item, w.src.of(item), item, p))
		}
	}
	if v.row.need && len(v.items) == 0 && !v.broken {
		w.refuse(v, v.key, p, badf("E-VALUE", "is empty; it wants at least one, such as [%s]", v.row.item.sample()))
	}
	for _, item := range v.items {
		v.broken = v.broken || item.broken
	}
}

// sample is a value to put into a message.
func (f *field) sample() string {
	switch {
	case f.example != "":
		return f.example
	case len(f.words) > 0:
		return f.words[0]
	}
	return "…"
}

// union reads the alternative that has the node's shape.
func (w *walker) union(v *value, n *yaml.Node, p trail) *value {
	for i := range v.row.alts {
		alt := &v.row.alts[i]
		if alt.isMapping() == (n.Kind == yaml.MappingNode) && n.Kind != yaml.SequenceNode {
			if alt.kind == kWord && !contains(alt.words, n.Value) {
				break
			}
			return w.readValue(alt, v.key, n, p)
		}
	}
	w.refuse(v, v.at, p, badf("E-VALUE", "wants %s; this is %s", v.row.forms(), w.described(n)))
	return v
}

func (f *field) isMapping() bool { return f.kind == kObject || f.kind == kSecret }

func contains(words []string, s string) bool {
	for _, word := range words {
		if word == s {
			return true
		}
	}
	return false
}

func (w *walker) described(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		return quoted(n.Value)
	}
	return shape(n)
}

// forms says how the alternatives of a union are written.
func (f *field) forms() string {
	var forms []string
	for _, alt := range f.alts {
		switch alt.kind {
		case kWord:
			forms = append(forms, alt.words...)
		case kSecret:
			forms = append(forms, list(secretForms, "or"))
		case kObject:
			forms = append(forms, "{"+alt.fields[0].key+": "+alt.fields[0].sampleValue()+"}")
		default:
			forms = append(forms, "a "+string(alt.kind))
		}
	}
	return list(forms, "or")
}

func (f *field) sampleValue() string {
	if f.kind == kList {
		return f.item.sample()
	}
	return f.sample()
}

// dict reads named sections.
func (w *walker) dict(v *value, n *yaml.Node, p trail) {
	v.fields = map[string]*value{}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		if v.row.need {
			w.refuse(v, v.key, p, badf("E-VALUE", "is empty; it wants at least one %s", v.row.noun))
		}
		return
	}
	w.dictInto(v, n, p)
}

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// dictInto adds the entries of a node; the same name from another file is told with both places.
func (w *walker) dictInto(v *value, n *yaml.Node, p trail) {
	if n.Kind != yaml.MappingNode {
		w.refuse(v, w.src.of(n), p, badf("E-TYPE", "wants names with sections under them; this is %s", shape(n)))
		return
	}
	for _, pair := range w.pairs(n, p) {
		name, at := pair.key.Value, w.src.of(pair.key)
		if strings.HasPrefix(name, "x-") && nouns[p[0]] != "" && len(p) == 1 {
			continue
		}
		if first := v.fields[name]; first != nil {
			w.fail(at, "E-DUPLICATE", "%s %q is defined twice; first at %s", v.row.noun, name, first.key)
			continue
		}
		if bad := badName(v.row.noun, name); bad != nil {
			w.fail(at, bad.code, "%s", bad.text)
		}
		v.fields[name] = w.entry(v.row, at, pair.value, p.to(name))
		v.order = append(v.order, name)
	}
}

// badName judges a name that the user gives. Locations may also have capitals, dots and underscores: nothing is
// derived from them.
func badName(noun, name string) *fault {
	re, rule := namePattern, "small letters, digits and -, beginning with a letter or digit, at most 63"
	if noun == "location" {
		re, rule = refPattern, "letters, digits, dot, dash and underscore, at most 63"
	}
	if re.MatchString(name) {
		return nil
	}
	return badf("E-NAME", "%s is not a name for a %s: %s", quoted(name), noun, rule)
}

// entry reads one named section; the type of a job or channel decides which keys it may have.
func (w *walker) entry(dict *field, key place, n *yaml.Node, p trail) *value {
	if typed, _ := dict.item.row("type", ""); typed != nil && len(p) == 2 {
		w.jobType = w.typeOf(typed, n, p)
		defer func() { w.jobType = "" }()
	}
	return w.readValue(dict.item, key, n, p)
}

// typeOf looks ahead for the type of a job or channel; empty when it has none that is known.
func (w *walker) typeOf(typed *field, n *yaml.Node, p trail) job.Type {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return ""
	}
	quiet := &walker{reader: &reader{}, src: w.src}
	for _, pair := range quiet.pairs(n, p) {
		if pair.key.Value == "type" && contains(typed.words, pair.value.Value) {
			return job.Type(pair.value.Value)
		}
	}
	return ""
}
