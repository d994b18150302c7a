package power

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// Disk is one. Its zero value is not of use.
type Disk struct {
	dir    string
	server *fuse.Server

	mu      sync.Mutex
	nodes   map[uint64]*node
	root    *node
	journal []change // not kept yet
	cut     bool
	lost    int

	opened   uint64 // folders, so far
	listings map[uint64][]fuse.DirEntry
}

// Mount makes an empty disk and mounts it at a folder. It needs root.
func Mount(dir string) (*Disk, error) {
	d := &Disk{dir: dir, nodes: map[uint64]*node{}, listings: map[uint64][]fuse.DirEntry{}}
	d.root = d.add(syscall.S_IFDIR | 0o755)
	return d, d.mount()
}

func (d *Disk) mount() error {
	server, err := fuse.NewServer(&served{fuse.NewDefaultRawFileSystem(), d}, d.dir, &fuse.MountOptions{
		Name: "power", FsName: "power", DirectMountStrict: true, AllowOther: true, DisableXAttrs: true, DisableReadDirPlus: true, MaxWrite: 1 << 20,
	})
	if err != nil {
		return fmt.Errorf("mount a disk: %w", err)
	}
	d.server = server
	go server.Serve()
	return server.WaitMount()
}

// Cut ends the power: from now on nothing is written, read or kept.
func (d *Disk) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut = true
}

// Restore brings the power back, and what the disk then has. Whoever used it must have ended.
func (d *Disk) Restore(rng *rand.Rand) error {
	if err := d.unmount(); err != nil {
		return err
	}
	d.mu.Lock()
	before := len(d.journal)
	for _, c := range d.journal[:rng.IntN(len(d.journal)+1)] {
		c.keep()
	}
	d.lost += before
	d.journal, d.cut = nil, false
	for _, n := range d.nodes {
		if n.folder() {
			n.names = maps.Clone(n.keptNames)
			continue
		}
		if len(n.dirty) > 0 {
			d.lost++
		}
		n.lose(rng)
	}
	d.mu.Unlock()
	return d.mount()
}

// Lost says how many changes of names and files were not kept when the power was lost, in all.
func (d *Disk) Lost() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lost
}

// Close takes the disk away, with all that is on it.
func (d *Disk) Close() error {
	err := d.unmount()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.nodes, d.root, d.journal = nil, nil, nil
	return err
}

func (d *Disk) unmount() error {
	for range 200 {
		if err := syscall.Unmount(d.dir, 0); err == nil {
			d.server.Wait()
			return nil
		}
		time.Sleep(10 * time.Millisecond) // somebody is on their way out
	}
	return fmt.Errorf("unmount %s: %w", d.dir, syscall.Unmount(d.dir, 0))
}

// add makes a node that has no name yet.
func (d *Disk) add(mode uint32) *node {
	n := &node{id: uint64(len(d.nodes) + 1), mode: mode, mtime: time.Now(), dirty: map[int]bool{}}
	if mode&syscall.S_IFMT == syscall.S_IFDIR {
		n.names, n.keptNames = map[string]*node{}, map[string]*node{}
	}
	d.nodes[n.id] = n
	return n
}

// name gives a name to a node, or takes it; the journal remembers.
func (d *Disk) name(folder *node, name string, to *node) {
	put(folder.names, name, to)
	folder.mtime = time.Now()
	d.journal = append(d.journal, set(folder, name, to))
}

// move gives a node another name in one act.
func (d *Disk) move(from *node, old string, to *node, name string) {
	n := from.names[old]
	put(from.names, old, nil)
	put(to.names, name, n)
	d.journal = append(d.journal, change{[]*node{from, to}, func() {
		put(from.keptNames, old, nil)
		put(to.keptNames, name, n)
	}})
}

// keepNames makes the names of a folder last, and with them all changes of names before.
func (d *Disk) keepNames(folder *node) {
	last := len(d.journal) - 1
	for last >= 0 && !d.journal[last].about(folder) {
		last--
	}
	for _, c := range d.journal[:last+1] {
		c.keep()
	}
	d.journal = d.journal[last+1:]
}
