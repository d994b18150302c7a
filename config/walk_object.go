package config

import (
	"fmt"
	"strings"

	"github.com/haulier/haulier/job"
	"go.yaml.in/yaml/v4"
)

// pair is one key of a mapping with its value.
type pair struct{ key, value *yaml.Node }

// pairs lists a mapping's keys, << merged in: what is written beside a merge wins, then the earlier of several merges.
func (w *walker) pairs(n *yaml.Node, p trail) []pair {
	var own, merged []pair
	first := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			m := merger{walker: w, at: p, seen: map[*yaml.Node]bool{n: true}}
			m.add(value)
			merged = append(merged, m.pairs...)
		case key.Kind != yaml.ScalarNode:
			w.fail(w.src.of(key), "E-TYPE", "%s", p.sentence("has a key that is no word"))
		case first[key.Value] != nil:
			w.fail(w.src.of(key), "E-DUPLICATE", "key %s is written twice%s; first at %s", quoted(key.Value), p.in(), w.src.of(first[key.Value]))
		default:
			first[key.Value] = key
			own = append(own, pair{key, value})
		}
	}
	for _, m := range merged {
		if first[m.key.Value] == nil && w.budget > 0 {
			w.budget--
			first[m.key.Value] = m.key
			own = append(own, m)
		}
	}
	return own
}

// merger collects what a << brings: the keys of a section, or of several, and of what they merge themselves.
type merger struct {
	*walker
	at    trail
	seen  map[*yaml.Node]bool // each section counts once, so that sections that merge each other come to an end
	pairs []pair
}

func (m *merger) add(n *yaml.Node) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n.Kind == yaml.SequenceNode && !m.seen[n]:
		m.seen[n] = true
		for _, item := range n.Content {
			m.add(item)
		}
	case n.Kind == yaml.MappingNode && !m.seen[n]:
		m.seen[n] = true
		m.section(n)
	case !m.seen[n]:
		m.fail(m.src.of(n), "E-TYPE", "%s", m.at.sentence("merges (<<) something that is not a section of keys"))
	}
}

func (m *merger) section(n *yaml.Node) {
	var further []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Tag == "!!merge":
			further = append(further, value)
		case key.Kind == yaml.ScalarNode:
			m.pairs = append(m.pairs, pair{key, value})
		}
	}
	for _, value := range further {
		m.add(value)
	}
}

func (p trail) in() string {
	if len(p) == 0 {
		return ""
	}
	return " in " + p.String()
}

// object reads a section and fills in its defaults.
func (w *walker) object(v *value, n *yaml.Node, p trail) {
	v.fields = map[string]*value{}
	if n.Kind != yaml.MappingNode && n.Tag != "!!null" {
		w.refuse(v, v.at, p, badf("E-TYPE", "wants keys and values; this is %s", shape(n)))
		return
	}
	if n.Kind == yaml.MappingNode {
		for _, pair := range w.pairs(n, p) {
			w.member(v, pair, p)
		}
	}
	w.fill(v, p)
}

// member reads one key of a section.
func (w *walker) member(v *value, pair pair, p trail) {
	key, at := pair.key.Value, w.src.of(pair.key)
	if strings.HasPrefix(key, "x-") {
		return
	}
	row, other := v.row.row(key, w.jobType)
	switch {
	case row != nil && row.later != "":
		w.notYet(row, at, p)
	case row != nil:
		v.fields[key] = w.readValue(row, at, pair.value, p.to(key))
	case other != nil:
		w.wrongWay(v, other, at, p)
	case other == nil && w.passphrase(key, at, p):
	default:
		w.unknown(v, key, at, p)
	}
}

// unknown refuses a key. The key that was probably meant counts as given and broken, so that it is not missed as well.
func (w *walker) unknown(v *value, key string, at place, p trail) {
	word, hint := w.hint(v.row, key, p)
	w.fail(at, "E-UNKNOWN-KEY", "unknown key %s%s%s", quoted(key), p.in(), hint)
	if word != "" && v.fields[word] == nil {
		row, _ := v.row.row(word, w.jobType)
		v.fields[word] = &value{row: row, at: at, key: at, broken: true}
	}
}

func (w *walker) notYet(row *field, at place, p trail) {
	subject := p.to(row.key)
	w.fail(at, "E-NOT-YET", "%s: not available yet: %s. Take the key out; it is refused so that nobody believes it works", subject, row.later)
}

// twins are keys that do the same for imports and exports.
var twins = map[string]string{"location": "dir", "dir": "location", "inbound": "outbound", "outbound": "inbound"}

// wrongWay refuses a key of the other type, and names the one that does the same.
func (w *walker) wrongWay(v *value, other *field, at place, p trail) {
	v.fields[other.key] = &value{row: other, at: at, key: at, broken: true}
	if p[0] == "channels" {
		w.fail(at, "E-CHANNEL", "%s is a key of channels of type %s; this one is of type %s", p.to(other.key), other.only, w.jobType)
		return
	}
	instead := ""
	if twin, _ := v.row.row(twins[other.key], w.jobType); twin != nil {
		instead = fmt.Sprintf(", which has %s: %s", twin.key, strings.TrimSuffix(firstSentence(twin.help), "."))
		if v.fields[twin.key] == nil {
			v.fields[twin.key] = &value{row: twin, at: at, key: at, broken: true}
		}
	}
	w.fail(at, "E-DIRECTION", "%s is for %ss only; this job is an %s%s", p.to(other.key), other.only, w.jobType, instead)
}

// passphrase tells apart the two secrets that are most often confused.
func (w *walker) passphrase(key string, at place, p trail) bool {
	switch last := p.last(); {
	case key == "passphrase" && (last == "auth" || len(p) == 2):
		w.fail(at, "E-PASSPHRASE", "%s: passphrase belongs under key_file, not %s (a passphrase unlocks a key; it is not a login password)",
			p[:min(len(p), 2)], map[bool]string{true: "auth", false: "here"}[last == "auth"])
	case key == "password" && last == "key_file":
		w.fail(at, "E-PASSPHRASE", "%s: a key file has a passphrase; password is the account's and belongs under auth", p[:min(len(p), 2)])
	default:
		return false
	}
	return true
}

func (p trail) last() string {
	if len(p) == 0 {
		return ""
	}
	return p[len(p)-1]
}

// fill adds what a section does not say: defaults, and complaints about what must be said.
func (w *walker) fill(v *value, p trail) {
	for i := range v.row.fields {
		row := &v.row.fields[i]
		if row.only != "" && row.only != w.jobType || v.fields[row.key] != nil {
			continue
		}
		switch {
		case row.need:
			w.fail(v.key, "E-MISSING", "%s", p.sentence(fmt.Sprintf("needs the key %s: %s", row.key, firstSentence(row.help))))
			v.broken = true
		case row.def != "" || row.always:
			v.fields[row.key] = w.byDefault(row, v.key, p.to(row.key))
		}
	}
}

func firstSentence(help string) string {
	if end := strings.Index(help, ". "); end >= 0 {
		return help[:end+1]
	}
	return help
}

// byDefault makes the value that a missing key has.
func (w *walker) byDefault(row *field, at place, p trail) *value {
	quiet := &walker{reader: &reader{}, src: at.src, jobType: w.jobType, budget: 1000, open: map[*yaml.Node]bool{}, defaults: w.defaults}
	v := quiet.readValue(row, at, w.defaultNode(row), p)
	v.imply(at)
	return v
}

func (v *value) imply(at place) {
	v.implied, v.at, v.key = true, at, at
	for _, child := range v.fields {
		child.imply(at)
	}
	for _, item := range v.items {
		item.imply(at)
	}
}

func (w *walker) defaultNode(row *field) *yaml.Node {
	if n := w.defaults[row]; n != nil {
		return n
	}
	text := row.def
	if row.kind == kObject {
		text = "{}"
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		panic(fmt.Sprintf("the table's default of %s is not YAML: %v", row.key, err))
	}
	w.defaults[row] = doc.Content[0]
	return doc.Content[0]
}

// synonyms are words that other programs use for our keys.
var synonyms = map[string]string{"user": "username", "login": "username", "account": "username", "hostname": "host", "server": "host",
	"address": "host", "cron": "schedule", "every": "schedule", "tz": "timezone", "pattern": "match", "glob": "match", "files": "match",
	"regex": "match_regex", "folder": "dir", "directory": "dir", "direction": "type", "tenant": "entity", "private_key": "key_file",
	"ssh_key": "key", "pass": "password", "passwd": "password", "known_hosts": "host_keys", "fingerprint": "host_keys", "hostkey": "host_keys",
	"temp_suffix": "partial_suffix", "post_action": "after_success", "concurrency": "max_connections", "disabled": "enabled", "remote": "connection",
	"depends_on": "after", "retries": "retry", "title": "display_name", "active": "enabled", "holidays": "except"}

// hint says what an unknown key was probably meant to be, or where it belongs.
func (w *walker) hint(section *field, key string, p trail) (word, text string) {
	keys := section.keys(w.jobType)
	if word = synonyms[strings.ToLower(key)]; word == "" || !contains(keys, word) {
		if home := w.home(key, p); home != "" {
			return "", "; it belongs to " + home
		}
		word = nearest(key, keys)
	}
	if word == "" {
		return "", ""
	}
	return word, fmt.Sprintf("; did you mean %q?", word)
}

// home finds the section, of the same named thing, that an exactly known key belongs to.
func (w *walker) home(key string, p trail) string {
	top := &table
	if len(p) == 0 {
		return ""
	}
	if nouns[p[0]] != "" {
		row, _ := table.row(p[0], "")
		top = row.item
	}
	found := search(top, key, w.jobType, nil)
	switch {
	case found == nil:
		return ""
	case nouns[p[0]] == "":
		return strings.Join(found, ".")
	case len(found) == 1:
		return fmt.Sprintf("the %s itself, not to %s", nouns[p[0]], strings.Join(p[2:], "."))
	}
	return strings.Join(found, ".")
}

// search finds the path of a key below a section, nearest to the top first.
func search(section *field, key string, t job.Type, at trail) trail {
	if row, _ := section.row(key, t); row != nil {
		return at.to(key)
	}
	for i := range section.fields {
		child := &section.fields[i]
		if child.kind != kObject || child.only != "" && t != "" && child.only != t {
			continue
		}
		if found := search(child, key, t, at.to(child.key)); found != nil {
			return found
		}
	}
	return nil
}
