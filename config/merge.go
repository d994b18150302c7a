package config

import "go.yaml.in/yaml/v4"

// merge makes one value of all files: named sections are put together, every other key stands in one file only.
func (r *reader) merge() *value {
	w := &walker{reader: r, open: map[*yaml.Node]bool{}, budget: maxValues, defaults: map[*field]*yaml.Node{}}
	top := &value{row: &table, fields: map[string]*value{}}
	for i, src := range r.sources {
		if i > 0 {
			r.read(src)
		}
		if src.root == nil {
			continue
		}
		w.src = src
		for _, pair := range w.pairs(src.root, nil) {
			w.topKey(top, pair)
		}
		src.root = nil // read, and larger than all that is made of it
	}
	w.src = r.sources[0]
	top.key, top.at = place{src: w.src}, place{src: w.src}
	if w.budget <= 0 {
		r.fail(top.key, "E-ALIAS", "aliases multiply to more than %d values", maxValues)
	}
	if !r.unread() {
		w.fill(top, nil)
	}
	return top
}

// unread says that a file could not be read: what it would have said is not missed.
func (r *reader) unread() bool {
	for _, p := range r.problems.List {
		if p.Code == "E-SYNTAX" || p.Code == "E-READ" {
			return true
		}
	}
	return false
}

func (w *walker) topKey(top *value, pair pair) {
	key, at := pair.key.Value, w.src.of(pair.key)
	first := top.fields[key]
	row, _ := table.row(key, "")
	switch {
	case key == "include" && w.src.rank > 0:
		w.fail(at, "E-INCLUDE", "only the first file may include others")
	case first == nil && (row == nil || row.kind != kDict):
		w.member(top, pair, nil)
	case row != nil && row.kind == kDict:
		w.topDict(top, row, at, pair.value)
	case key == "version":
		w.readValue(row, at, pair.value, trail{key})
	case row != nil:
		w.fail(at, "E-DUPLICATE", "key %q is written in two files; first at %s", key, first.key)
	}
}

func (w *walker) topDict(top *value, row *field, at place, n *yaml.Node) {
	v := top.fields[row.key]
	if v == nil {
		v = &value{row: row, at: at, key: at}
		top.fields[row.key] = v
	}
	if v.fields == nil {
		v.fields = map[string]*value{}
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	w.open[n] = true
	defer delete(w.open, n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return
	}
	w.dictInto(v, n, trail{row.key})
}
