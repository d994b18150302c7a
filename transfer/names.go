package transfer

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"math/bits"

	"github.com/haulier/haulier/job"
)

// nameSet remembers the names of a listing, and before that those that the rows at rest expect in it. A name takes twenty
// bytes, with the room between them 24 to 32, whatever its length: it is known by a hash of 64 bits. Two names of one hash make
// an absent file look present, and a new version whose size and time have the 64 bits of the old one's is overlooked, until the
// next run, which hashes with another seed. Of a million names that all change every night for ten years one is overlooked with
// a chance of 1 in 5,000,000,000.
type nameSet struct {
	seed   maphash.Seed
	tables [256]nameTable   // by the first byte of the hash: they grow one by one, and what one leaves behind is small
	first  int64            // the lowest row that is expected
	times  map[uint64]int64 // nil: nobody asks for them
}

type nameTable struct {
	slots []nameSlot // by hash, or behind that where others are
	used  int
}

// nameSlot is a name. The zero slot is free.
type nameSlot struct {
	hash  wide
	print wide   // of the size and time that are expected
	row   uint32 // that expects it, counted from first, beginning with 1; 0: the name was listed
}

// wide is a number of 64 bits for whose sake no room is left between slots.
type wide [2]uint32

func widen(n uint64) wide { return wide{uint32(n >> 32), uint32(n)} }

func (w wide) number() uint64 { return uint64(w[0])<<32 | uint64(w[1]) }

func newNameSet(timed bool) *nameSet {
	n := &nameSet{seed: maphash.MakeSeed()}
	if timed {
		n.times = map[uint64]int64{}
	}
	return n
}

// expect lets a row at rest expect a name. Rows come in order. false: it cannot be remembered, so that its row has to be looked at.
func (n *nameSet) expect(name []byte, row job.Standing) bool {
	if n.first == 0 {
		n.first = row.ID
	}
	if row.ID < n.first || row.ID-n.first >= math.MaxUint32 {
		return false
	}
	slot := n.slot(taken(maphash.Bytes(n.seed, name)))
	if slot.row != 0 {
		return false // two names of one hash
	}
	slot.print, slot.row = n.print(row.Size, row.ModTime), uint32(row.ID-n.first+1)
	return true
}

// list adds a name that was listed. It says whether a row at rest expected it as it is, which no second one of its name does.
func (n *nameSet) list(entry job.Entry) (rests bool) {
	hash := n.hash(entry.Name)
	if n.times != nil {
		n.times[hash] = entry.ModTime
	}
	slot := n.slot(hash)
	rests = slot.row != 0 && slot.print == n.print(entry.Size, entry.ModTime)
	slot.row = 0
	return rests
}

func (n *nameSet) has(name string) bool {
	slot := n.find(n.hash(name))
	return slot != nil && slot.row == 0
}

// time is that of a listed name, as far as it is known.
func (n *nameSet) time(name string) (at int64, ok bool) { return n.times[n.hash(name)], n.has(name) }

// missing gives the rows whose names were not listed.
func (n *nameSet) missing() (ids []int64) {
	for i := range n.tables {
		for _, slot := range n.tables[i].slots {
			if slot.row != 0 {
				ids = append(ids, n.first+int64(slot.row)-1)
			}
		}
	}
	return ids
}

func (n *nameSet) hash(name string) uint64 { return taken(maphash.String(n.seed, name)) }

// taken keeps 0 for slots that are free.
func taken(hash uint64) uint64 { return max(hash, 1) }

func (n *nameSet) print(size, modTime int64) wide {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[:], uint64(size))
	binary.NativeEndian.PutUint64(b[8:], uint64(modTime))
	return widen(maphash.Bytes(n.seed, b[:]))
}

func (n *nameSet) table(hash uint64) *nameTable { return &n.tables[hash>>56] }

// find gives the slot of a hash; nil: there is none.
func (n *nameSet) find(hash uint64) *nameSlot {
	if slot := n.table(hash).find(hash); slot != nil && slot.hash != (wide{}) {
		return slot
	}
	return nil
}

// slot gives the slot of a hash, which it takes if there is none.
func (n *nameSet) slot(hash uint64) *nameSlot {
	t := n.table(hash)
	slot := t.find(hash)
	if slot != nil && slot.hash != (wide{}) {
		return slot
	}
	if t.used++; 6*t.used > 5*len(t.slots) {
		t.grow()
		slot = t.find(hash)
	}
	slot.hash = widen(hash)
	return slot
}

// find gives the slot of a hash, or a free one for it; nil: there is no room at all.
func (t *nameTable) find(hash uint64) *nameSlot {
	size := uint64(len(t.slots))
	if size == 0 {
		return nil
	}
	at, _ := bits.Mul64(hash<<8, size)
	for name := widen(hash); t.slots[at].hash != (wide{}) && t.slots[at].hash != name; {
		if at++; at == size {
			at = 0
		}
	}
	return &t.slots[at]
}

func (t *nameTable) grow() {
	old := t.slots
	t.slots = make([]nameSlot, max(8, len(old)+len(old)/4))
	for _, slot := range old {
		if slot.hash != (wide{}) {
			*t.find(slot.hash.number()) = slot
		}
	}
}
