package power

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// pageSize is what a disk writes at once.
const pageSize = 4096

// node is a file or a folder.
type node struct {
	id    uint64
	mode  uint32
	mtime time.Time

	data  []byte // of a file
	dirty map[int]bool
	kept  []byte // what a loss leaves for certain, but for dirty pages

	names     map[string]*node // of a folder; nil: this is a file
	keptNames map[string]*node
}

func (n *node) folder() bool { return n.names != nil }

// write changes bytes, and the size where they lie beyond it.
func (n *node) write(b []byte, at int) {
	n.resize(max(len(n.data), at+len(b)))
	copy(n.data[at:], b)
	n.touch(at, at+len(b))
}

func (n *node) resize(size int) {
	if size < len(n.data) {
		n.data = n.data[:size]
		return
	}
	from := len(n.data)
	n.data = append(n.data, make([]byte, size-from)...)
	n.touch(from, size)
}

func (n *node) touch(from, to int) {
	n.mtime = time.Now()
	for page := from / pageSize; page*pageSize < to; page++ {
		n.dirty[page] = true
	}
}

// keep makes the bytes last.
func (n *node) keep() {
	kept := n.kept
	if len(kept) != len(n.data) {
		kept = append(make([]byte, 0, cap(n.data)), n.kept[:min(len(n.kept), len(n.data))]...)[:len(n.data)]
	}
	for page := range n.dirty {
		if from := page * pageSize; from < len(n.data) {
			copy(kept[from:min(from+pageSize, len(n.data))], n.data[from:])
		}
	}
	n.kept, n.dirty = kept, map[int]bool{}
}

// lose leaves what was kept, with or without what was not: the size and each page by chance.
func (n *node) lose(rng *rand.Rand) {
	if len(n.dirty) == 0 && len(n.data) == len(n.kept) {
		return
	}
	after := bytes.Clone(n.kept)
	if rng.IntN(2) == 0 {
		after = append(after, make([]byte, max(0, len(n.data)-len(after)))...)[:len(n.data)]
	}
	for page := range n.dirty {
		if from := page * pageSize; from < min(len(after), len(n.data)) && rng.IntN(2) == 0 {
			copy(after[from:min(from+pageSize, len(after))], n.data[from:])
		}
	}
	n.data, n.kept, n.dirty = after, bytes.Clone(after), map[int]bool{}
}

// change is one of names, in the order of the journal.
type change struct {
	folders []*node
	keep    func() // makes it last
}

// set gives a name of a folder to a node; nil: to none.
func set(folder *node, name string, to *node) change {
	return change{[]*node{folder}, func() { put(folder.keptNames, name, to) }}
}

func put(names map[string]*node, name string, to *node) {
	if to == nil {
		delete(names, name)
		return
	}
	names[name] = to
}

// about says whether a change is one of this folder.
func (c change) about(folder *node) bool {
	for _, f := range c.folders {
		if f == folder {
			return true
		}
	}
	return false
}
