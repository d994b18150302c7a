package main

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// Status codes of SFTP.
const (
	statusEOF     = 1
	statusFailure = 4
)

// sizesAtEdges are those at which packets and windows begin and end.
var sizesAtEdges = []int{0, 1, 32767, 32768, 32769, 255<<10 - 1, 255 << 10, 1<<20 + 1}

// truths is group D: servers that tell what is not so.
func truths() []Case {
	return slices.Concat([]Case{
		troubles("D57", "READ answered short", "I3", times(3, 40), shortReads(), importMove),
		troubles("D58", "the end of the file too early", "I3", times(2, 12), earlyEnds(), importMove),
		troubles("D59.1", "answers that SFTP does not allow, to an import", "I3 I6", times(2, 32), answers("readdir", "open", "read", "close"), importMove),
		troubles("D59.2", "answers that SFTP does not allow, to an export", "I3 I6", times(2, 32), answers("lstat", "open", "write", "close"), exportMove),
		troubles("D60", "answers in another order", "I3", times(1, 6), []trouble{
			{name: "in pairs", knobs: func(k *sftptest.Knobs) { k.Reorder = 2 }, codes: []int{0}},
			{name: "by eight", knobs: func(k *sftptest.Knobs) { k.Reorder = 8 }, codes: []int{0}},
		}, eachWay...),
		troubles("D61", "WRITE refused, with the end of file or a failure, at the k-th", "I5", times(3, 48), refusedWrites(), exportMove, kindOf("export-in-place")),
		troubles("D62", "the channel ends in mid-upload", "I5", times(2, 20), deadChannels(), exportMove, kindOf("export-in-place")),
		troubles("D63", "CLOSE refused", "I5", times(1, 4), []trouble{
			{name: "not done", knobs: faults(sftptest.Fault{Op: "close", Times: 3, Do: sftptest.Fail, Code: statusFailure})},
			{name: "done", knobs: faults(sftptest.Fault{Op: "close", Times: 3, Do: sftptest.FailDone, Code: statusFailure})},
		}, exportMove, kindOf("export-in-place"), kindOf("export-put-only-resend"), importMove),
		troubles("D64", "sizes that are not so", "I3", times(2, 10), sizes(), importMove),
		troubles("D65", "sources that grow, shrink or are replaced while they are read", "I3", times(2, 12), []trouble{
			{name: "grows", again: true, knobs: faults(sftptest.Fault{Op: "read", After: 2, Times: 4, Do: sftptest.Grow})},
			{name: "shrinks", again: true, knobs: faults(sftptest.Fault{Op: "read", After: 2, Times: 4, Do: sftptest.Shrink})},
			{name: "is replaced", again: true, knobs: faults(sftptest.Fault{Op: "read", After: 2, Times: 4, Do: sftptest.Replace})},
		}, importMove),
		troubles("D73.1", "OK for what was not done, to an import", "I1 I4", times(2, 9), pretences("rename", "posix-rename", "close"), importMove),
		troubles("D73.2", "OK for a delete that was not done", "I1 I2 I4", times(1, 3), pretences("remove"), stays(kindOf("import-delete")), stays(kindOf("import-delete-in-place"))),
		troubles("D73.3", "OK for what was not done, to an export", "I1 I5", times(2, 9), pretences("write", "rename", "close"), exportMove),
		troubles("D71", "sizes at the edges", "I3", times(1, 4), []trouble{{name: "edges", sizes: sizesAtEdges, codes: []int{0, 4}}},
			importMove, exportMove, kindOf("import-pgp-archive"), kindOf("export-pgp-delete")),
		troubles("H7.2", "a file that has no end, whatever its size is said to be", "I3 I6 I7", times(1, 6), endlessFiles(), importMove, kindOf("import-pgp-archive")),
		{ID: "H105.2", Title: "some 700 hostile names in every listing: refused, and shown escaped by every command", Holds: "I8", Times: times(1, 3), Run: hostileNames},
		troubles("H106.3", "a listing that has no end: left within 60 s, below 256 MiB", "I6 I7", times(1, 3), []trouble{
			{name: "a new name each time", most: mostListing, knobs: func(k *sftptest.Knobs) { k.EndlessListing = true }},
			{name: "one name for ever", most: mostListing, knobs: func(k *sftptest.Knobs) { k.EndlessListing, k.EndlessName = true, "again.csv" }},
			{name: "what no job matches", most: mostListing, knobs: func(k *sftptest.Knobs) { k.EndlessListing, k.EndlessName = true, "again.txt" }},
		}, importMove),
	}, customers())
}

// mostListing is what a listing may take, however long it is.
const mostListing = 60 * time.Second

// endlessFiles are those to which there is always more, of the size that was told, of another, of none.
func endlessFiles() []trouble {
	var all []trouble
	for _, of := range sizes() {
		all = append(all, trouble{name: "no end, size: " + of.name, again: true, may: of.may, knobs: func(k *sftptest.Knobs) {
			of.knobs(k)
			k.NeverEnds = true
		}})
	}
	return append(all, trouble{name: "no end", again: true, knobs: func(k *sftptest.Knobs) { k.NeverEnds = true }})
}

func shortReads() []trouble {
	var all []trouble
	for _, n := range []int{1, 2, 3, 100, 512, 1000, 1024, 4095, 4096, 4097, 8191, 8192, 16383, 16384, 16385, 30000, 32766, 32767, 65536, 100000} {
		all = append(all, trouble{name: fmt.Sprintf("%d bytes at once", n), knobs: func(k *sftptest.Knobs) { k.ReadAtMost = n }, codes: []int{0, 4},
			sizes: []int{0, 1, 32767, 32768, 32769, min(1<<20+1, n*3000)}})
	}
	for seed := range uint64(8) {
		all = append(all, trouble{name: fmt.Sprintf("by chance, %d", seed), codes: []int{0, 4}, sizes: sizesAtEdges, knobs: func(k *sftptest.Knobs) { k.RandomReads = seed + 1 }})
	}
	return all
}

func earlyEnds() []trouble {
	var all []trouble
	for _, at := range []int64{1, 100, 32768, 32769, 65536, 261120, 261121} {
		all = append(all, trouble{name: fmt.Sprintf("at %d", at), sizes: []int{32767, 1 << 20}, knobs: func(k *sftptest.Knobs) { k.EndEarly = at }})
	}
	return all
}

func answers(ops ...string) []trouble {
	var all []trouble
	for name, action := range map[string]sftptest.Action{
		"more data": sftptest.MoreData, "wrong id": sftptest.WrongID, "wrong type": sftptest.WrongType, "twice": sftptest.Twice,
		"stale data": sftptest.StaleData, "empty packet": sftptest.EmptyPacket, "overlong packet": sftptest.OverlongPacket, "truncated": sftptest.Truncated,
	} {
		for _, op := range ops {
			all = append(all, trouble{name: name + " to " + op, knobs: faults(sftptest.Fault{Op: op, After: 1, Times: 1, Do: action})})
		}
	}
	return all
}

func refusedWrites() []trouble {
	var all []trouble
	for k := range 12 {
		for _, code := range []uint32{statusEOF, statusFailure} {
			for _, do := range []sftptest.Action{sftptest.Fail, sftptest.FailDone} {
				all = append(all, trouble{
					name:  fmt.Sprintf("status %d to WRITE %d", code, k+1),
					sizes: []int{2 << 20, 40 << 10, 300 << 10}, // twelve WRITEs
					knobs: faults(sftptest.Fault{Op: "write", After: k, Times: 1, Do: do, Code: code}),
				})
			}
		}
	}
	return all
}

func deadChannels() []trouble {
	var all []trouble
	for k := range 10 {
		for _, do := range []sftptest.Action{sftptest.EndSession, sftptest.EndSessionDone} {
			all = append(all, trouble{name: fmt.Sprintf("at WRITE %d", k+1), sizes: []int{2 << 20, 40 << 10}, knobs: faults(sftptest.Fault{Op: "write", After: k, Times: 1, Do: do})})
		}
	}
	return all
}

func sizes() []trouble {
	lie := func(name string, size func(real int64) int64) trouble {
		return trouble{
			name: name, knobs: func(k *sftptest.Knobs) { k.Size = func(_ string, real int64) int64 { return size(real) } },
			may: []string{"remote.size_unknown", "content.too_large", "content.duplicate"}, // what landed has another size afterwards
		}
	}
	var calls atomic.Int64
	return []trouble{
		lie("none", func(int64) int64 { return -1 }),
		lie("nothing", func(int64) int64 { return 0 }),
		lie("ten bytes", func(int64) int64 { return 10 }),
		lie("a terabyte", func(int64) int64 { return 1 << 40 }),
		lie("one too many", func(real int64) int64 { return real + 1 }),
		lie("one too few", func(real int64) int64 { return real - 1 }),
		lie("another one each time", func(real int64) int64 { return real + calls.Add(1)%3 }),
	}
}

func pretences(ops ...string) []trouble {
	var all []trouble
	for _, op := range ops {
		all = append(all, trouble{name: "OK to " + op, knobs: faults(sftptest.Fault{Op: op, Times: 3, Do: sftptest.Pretend})})
	}
	return all
}

// stays is a kind whose sources may stay on the server for good: it has acknowledged their delete, and is not asked again.
func stays(k kind) kind {
	k.calls = []string{"remote.source_stays"}
	return k
}
