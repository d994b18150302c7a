package config

import (
	"net/netip"
	"time"

	"github.com/haulier/haulier/job"
	"go.yaml.in/yaml/v4"
)

// value is one value of the configuration, checked against its row. Every method may be called on nil, which is the
// value of a key that is neither given nor has a default.
type value struct {
	row     *field
	at      place // of the value
	key     place // of its key
	implied bool  // by a default, not written
	hidden  bool  // implied, and not true here: Show leaves it out
	broken  bool  // a problem was reported; what depends on it is not judged
	data    any   // kinds of one word or number

	text   string // as written, for Show
	fields map[string]*value
	order  []string // keys of a kDict, as written
	items  []*value
}

// get walks down by keys.
func (v *value) get(keys ...string) *value {
	for _, key := range keys {
		if v == nil {
			return nil
		}
		v = v.fields[key]
	}
	return v
}

func (v *value) given() bool { return v != nil && !v.implied }

// usable says that the value is there and that nothing is wrong with it.
func (v *value) usable() bool { return v != nil && !v.broken }

// whole says that nothing is wrong with the value or with anything in it.
func (v *value) whole() bool {
	ok := !v.broken
	for _, child := range v.fields {
		ok = ok && child.whole()
	}
	return ok
}

func take[T any](v *value) T {
	var zero T
	if v == nil || v.data == nil {
		return zero
	}
	t, _ := v.data.(T)
	return t
}

func (v *value) str() string             { return take[string](v) }
func (v *value) flag() bool              { return take[bool](v) }
func (v *value) count() int              { return int(take[int64](v)) }
func (v *value) bytes() int64            { return take[int64](v) }
func (v *value) duration() time.Duration { return take[time.Duration](v) }
func (v *value) zone() *time.Location    { return take[*time.Location](v) }
func (v *value) ip() netip.Addr          { return take[netip.Addr](v) }
func (v *value) secret() *job.SecretRef  { return take[*job.SecretRef](v) }
func (v *value) minutes() int            { return take[int](v) }

// list gives the items' data; nil for none.
func all[T any](v *value) []T {
	if v == nil {
		return nil
	}
	var out []T
	for _, item := range v.items {
		if item.usable() {
			out = append(out, take[T](item))
		}
	}
	return out
}

func (v *value) words() []string { return all[string](v) }

// position gives the place for job's vocabulary.
func (p place) position() job.Position {
	if p.src == nil {
		return job.Position{}
	}
	return job.Position{File: p.src.name, Line: p.line, Column: p.column}
}

// shape names what a node is, for "this is …".
func shape(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a section of keys"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!null":
		return "empty"
	}
	return "a single value"
}
