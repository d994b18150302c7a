package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// kind is what is done with files.
type kind string

const (
	down kind = "down"
	up   kind = "up"
	list kind = "list" // and, by Haulier, comparing with the ledger
)

// workload is one thing that all contestants do.
type workload struct {
	name      string
	does      kind
	customers int // folders with files, each of a connection of its own; 0: one
	files     int // in each folder
	size      int64
	larger    int64 // of one more file in each folder; 0: there is none
	apart     bool  // each connection goes to an address of its own, as accounts do
	rtt       time.Duration
	loss      float64
	disk      bool // files lie on a disk
	pgp       bool
	little    bool    // of the short form, which says nothing about time
	target    float64 // what we hold ourselves to: the best peer's time by ours
}

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30

	near20, near100 = 20 * time.Millisecond, 100 * time.Millisecond
)

// workloads are all.
func workloads() []workload {
	return []workload{
		{name: "large-down", does: down, files: 1, size: gib, target: 0.9},
		{name: "large-up", does: up, files: 1, size: gib, target: 1.2},
		{name: "small-down", does: down, files: 5_000, size: 4 * kib, target: 2},
		{name: "small-up", does: up, files: 5_000, size: 4 * kib, target: 2},
		{name: "small-down-disk", does: down, files: 1_000, size: 4 * kib, disk: true},
		{name: "small-up-disk", does: up, files: 1_000, size: 4 * kib, disk: true},
		{name: "list", does: list, files: 100_000, target: 1},
		{name: "list-20ms", does: list, files: 100_000, rtt: near20, target: 1.5},
		{name: "large-down-20ms", does: down, files: 1, size: 256 * mib, rtt: near20, target: 1.3},
		{name: "large-up-20ms", does: up, files: 1, size: 256 * mib, rtt: near20, target: 1.8},
		{name: "large-down-100ms", does: down, files: 1, size: 256 * mib, rtt: near100, target: 1.5},
		{name: "large-up-100ms", does: up, files: 1, size: 256 * mib, rtt: near100, target: 3},
		{name: "loss-down", does: down, files: 1, size: 32 * mib, rtt: near20, loss: 0.001, target: 1.7},
		{name: "loss-up", does: up, files: 1, size: 32 * mib, rtt: near20, loss: 0.001, target: 3},
		{name: "small-down-20ms", does: down, files: 200, size: 4 * kib, rtt: near20, target: 3},
		{name: "small-up-20ms", does: up, files: 200, size: 4 * kib, rtt: near20, target: 3},
		{name: "pgp-down", does: down, files: 1, size: gib, pgp: true},
		{name: "pgp-up", does: up, files: 1, size: gib, pgp: true},
		{name: "night", does: down, customers: 50, files: 200, size: 4 * kib},
	}
}

// short is the workload with little to do.
func (w workload) short() workload {
	w.little = true
	w.customers = min(w.customers, 4)
	if w.files > 1 {
		w.files = max(w.files/200, 10)
	}
	if w.size > mib {
		w.size /= 128
	}
	return w
}

// total is how many files there are in all.
func (w workload) total() int { return max(1, w.customers) * w.each() }

// each is how many files a folder has.
func (w workload) each() int {
	if w.larger > 0 {
		return w.files + 1
	}
	return w.files
}

// bytes is how many bytes there are in all.
func (w workload) bytes() int64 { return int64(w.total()) * w.size }

// title is what people read.
func (w workload) title() string {
	var b strings.Builder
	switch {
	case w.does == list:
		fmt.Fprintf(&b, "list %s names", grouped(w.files))
	case w.customers > 0:
		fmt.Fprintf(&b, "a night: %d accounts, %s x %s %s each", w.customers, grouped(w.files), sizeOf(w.size), w.does)
	case w.files == 1:
		fmt.Fprintf(&b, "%s %s", sizeOf(w.size), w.does)
	default:
		fmt.Fprintf(&b, "%s x %s %s", grouped(w.files), sizeOf(w.size), w.does)
	}
	if w.pgp {
		b.WriteString(map[kind]string{down: ", decrypted", up: ", encrypted"}[w.does])
	}
	if w.rtt > 0 {
		fmt.Fprintf(&b, " at %d ms", w.rtt.Milliseconds())
	}
	if w.loss > 0 {
		fmt.Fprintf(&b, ", %g %% loss", w.loss*100)
	}
	if w.disk {
		b.WriteString(", on a disk")
	}
	return b.String()
}

func sizeOf(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{gib, "GiB"}, {mib, "MiB"}, {kib, "KiB"}} {
		if n >= unit.size {
			return fmt.Sprintf("%d %s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// grouped writes 5,000 for 5000.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
