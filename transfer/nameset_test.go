package transfer

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"unsafe"

	"github.com/haulier/haulier/job"
)

// A set with rows that expect names says of each name what a plain reading of the same words says.
func TestANameSetKnowsWhatWasExpectedAndListed(t *testing.T) {
	n := newNameSet(true)
	const rows = 10_000
	name := func(i int) string { return fmt.Sprintf("file\xff-%d", i) }
	for i := range rows {
		if !n.expect([]byte(name(i)), job.Standing{ID: int64(1_000_000 + 3*i), Size: int64(i), ModTime: 7}) {
			t.Fatalf("name %d was not taken", i)
		}
	}
	var missing []int64
	for i := range 2 * rows {
		entry, rests := job.Entry{Name: name(i), Size: int64(i), ModTime: 7}, i < rows
		switch i % 7 {
		case 1:
			entry.Size++
			rests = false
		case 2:
			entry.ModTime = 8
			rests = false
		case 3:
			if i < rows {
				missing = append(missing, int64(1_000_000+3*i))
			}
			continue
		}
		if n.has(entry.Name) {
			t.Fatalf("%q is there before it was listed", entry.Name)
		}
		if n.list(entry) != rests {
			t.Fatalf("%q rests: %t", entry.Name, !rests)
		}
		if n.list(entry) {
			t.Fatalf("%q rests a second time", entry.Name)
		}
		if at, ok := n.time(entry.Name); !ok || at != entry.ModTime {
			t.Fatalf("%q is of %d, %t", entry.Name, at, ok)
		}
	}
	for i := range 2 * rows {
		if n.has(name(i)) == (i%7 == 3) {
			t.Fatalf("name %d is there: %t", i, i%7 == 3)
		}
	}
	got := n.missing()
	slices.Sort(got)
	if !slices.Equal(got, missing) {
		t.Errorf("%d rows are missing, want %d", len(got), len(missing))
	}
}

// What a set cannot remember it says, and does not hold for listed.
func TestANameSetSaysWhatItCannotRemember(t *testing.T) {
	n := newNameSet(false)
	for id, want := range map[int64]bool{5 + math.MaxUint32 - 1: true, 5 + math.MaxUint32: false, 4: false} {
		n.expect([]byte("a"), job.Standing{ID: 5})
		name := fmt.Sprint(id)
		if got := n.expect([]byte(name), job.Standing{ID: id}); got != want {
			t.Errorf("row %d: %t", id, got)
		}
		if n.has(name) {
			t.Errorf("row %d is held for listed", id)
		}
	}
	if n.expect([]byte("a"), job.Standing{ID: 6}) {
		t.Error("two rows expect one name")
	}
	if got := n.missing(); len(got) != 2 || slices.Max(got) != 5+math.MaxUint32-1 {
		t.Errorf("missing %v", got)
	}
}

// A name takes what the document says of it, in sets of any size.
func TestANameTakesLittleRoom(t *testing.T) {
	for _, names := range []int{100_000, 130_000, 160_000, 200_000, 1_000_000} {
		n := newNameSet(false)
		for i := range names {
			n.expect(fmt.Appendf(nil, "customers_%08d.csv", i), job.Standing{ID: int64(i + 1), Size: 4096, ModTime: 7})
		}
		room := uintptr(0)
		for _, table := range n.tables {
			room += uintptr(len(table.slots)) * unsafe.Sizeof(nameSlot{})
		}
		if each := float64(room) / float64(names); each > 32 {
			t.Errorf("of %d names each takes %.1f bytes", names, each)
		}
	}
}

// What is known of a version is all 64 bits of its hash: each half tells versions apart that the other does not.
func TestAPrintIsWide(t *testing.T) {
	n := newNameSet(false)
	seen := map[wide]bool{}
	var halves [2]map[uint32]bool
	halves[0], halves[1] = map[uint32]bool{}, map[uint32]bool{}
	const versions = 300_000
	for i := range int64(versions) {
		p := n.print(4096, i)
		seen[p], halves[0][p[0]], halves[1][p[1]] = true, true, true
	}
	if len(seen) != versions {
		t.Errorf("%d prints of %d versions", len(seen), versions)
	}
	for i, half := range halves {
		if len(half) < versions-1000 {
			t.Errorf("half %d has %d values of %d", i, len(half), versions)
		}
	}
	n.expect([]byte("a"), job.Standing{ID: 1, Size: 1, ModTime: 1})
	for i := range 2 {
		old := *n.slot(n.hash("a"))
		slot := n.slot(n.hash("a"))
		slot.print[i]++
		if n.list(job.Entry{Name: "a", Size: 1, ModTime: 1}) {
			t.Errorf("half %d of a print does not count", i)
		}
		*slot = old
	}
}
