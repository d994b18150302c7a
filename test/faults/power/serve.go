package power

import (
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// served is the disk as FUSE sees it.
type served struct {
	fuse.RawFileSystem
	*Disk
}

// serving begins a request: the node that it is about, and a status other than OK when there is none, or no power.
func (d *served) serving(id uint64) (*node, fuse.Status) {
	n := d.nodes[id]
	switch {
	case d.cut:
		return nil, fuse.EIO
	case n == nil:
		return nil, fuse.ENOENT
	}
	return n, fuse.OK
}

// inFolder begins a request about a name in a folder.
func (d *served) inFolder(id uint64, name string) (folder, n *node, status fuse.Status) {
	folder, status = d.serving(id)
	if status.Ok() && !folder.folder() {
		status = fuse.ENOTDIR
	}
	if !status.Ok() {
		return nil, nil, status
	}
	return folder, folder.names[name], fuse.OK
}

func (n *node) attr(a *fuse.Attr) {
	size := uint64(len(n.data))
	a.Ino, a.Mode, a.Size, a.Blocks, a.Blksize, a.Nlink = n.id, n.mode, size, (size+511)/512, pageSize, 1
	a.SetTimes(nil, &n.mtime, &n.mtime)
}

func (n *node) entry(out *fuse.EntryOut) {
	out.NodeId, out.Generation = n.id, 1
	n.attr(&out.Attr)
}

func (d *served) Lookup(_ <-chan struct{}, in *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, n, status := d.inFolder(in.NodeId, name)
	if status.Ok() && n == nil {
		status = fuse.ENOENT
	}
	if status.Ok() {
		n.entry(out)
	}
	return status
}

func (d *served) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if status.Ok() {
		n.attr(&out.Attr)
	}
	return status
}

func (d *served) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if !status.Ok() {
		return status
	}
	if mode, ok := in.GetMode(); ok {
		n.mode = n.mode&syscall.S_IFMT | mode&0o7777
	}
	if size, ok := in.GetSize(); ok {
		n.resize(int(size))
	}
	if mtime, ok := in.GetMTime(); ok {
		n.mtime = mtime
	}
	n.attr(&out.Attr)
	return fuse.OK
}

func (d *served) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.make(in.NodeId, name, syscall.S_IFDIR|in.Mode&0o7777, out)
}

func (d *served) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.make(in.NodeId, name, in.Mode, out)
}

func (d *served) make(id uint64, name string, mode uint32, out *fuse.EntryOut) fuse.Status {
	folder, n, status := d.inFolder(id, name)
	if status.Ok() && n != nil {
		status = fuse.Status(syscall.EEXIST)
	}
	if status.Ok() {
		n = d.add(mode)
		d.name(folder, name, n)
		n.entry(out)
	}
	return status
}

func (d *served) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.make(in.NodeId, name, syscall.S_IFREG|in.Mode&0o7777, &out.EntryOut)
}

func (d *served) Unlink(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return d.remove(in.NodeId, name)
}

func (d *served) Rmdir(_ <-chan struct{}, in *fuse.InHeader, name string) fuse.Status {
	return d.remove(in.NodeId, name)
}

func (d *served) remove(id uint64, name string) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	folder, n, status := d.inFolder(id, name)
	switch {
	case !status.Ok():
		return status
	case n == nil:
		return fuse.ENOENT
	case len(n.names) > 0:
		return fuse.Status(syscall.ENOTEMPTY)
	}
	d.name(folder, name, nil)
	return fuse.OK
}

func (d *served) Rename(_ <-chan struct{}, in *fuse.RenameIn, old, name string) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	from, n, status := d.inFolder(in.NodeId, old)
	if !status.Ok() {
		return status
	}
	to, there, status := d.inFolder(in.Newdir, name)
	switch {
	case !status.Ok():
		return status
	case n == nil:
		return fuse.ENOENT
	case there != nil && in.Flags&unix.RENAME_NOREPLACE != 0:
		return fuse.Status(syscall.EEXIST)
	case in.Flags&^unix.RENAME_NOREPLACE != 0:
		return fuse.EINVAL
	}
	d.move(from, old, to, name)
	return fuse.OK
}

func (d *served) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.Oldnodeid)
	if !status.Ok() {
		return status
	}
	folder, there, status := d.inFolder(in.NodeId, name)
	if status.Ok() && there != nil {
		status = fuse.Status(syscall.EEXIST)
	}
	if status.Ok() {
		d.name(folder, name, n)
		n.entry(out)
	}
	return status
}

func (d *served) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if status.Ok() && in.Flags&syscall.O_TRUNC != 0 {
		n.resize(0)
	}
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return status
}

func (d *served) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if !status.Ok() {
		return nil, status
	}
	from := min(int(in.Offset), len(n.data))
	return fuse.ReadResultData(buf[:copy(buf, n.data[from:])]), fuse.OK
}

func (d *served) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if !status.Ok() {
		return 0, status
	}
	n.write(data, int(in.Offset))
	return uint32(len(data)), fuse.OK
}

func (d *served) Fsync(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if status.Ok() {
		n.keep()
	}
	return status
}

func (d *served) FsyncDir(_ <-chan struct{}, in *fuse.FsyncIn) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	n, status := d.serving(in.NodeId)
	if status.Ok() {
		d.keepNames(n)
	}
	return status
}

func (d *served) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, status := d.serving(in.NodeId)
	d.opened++
	out.Fh = d.opened
	return status
}

// ReadDir gives a folder as it was when its listing began.
func (d *served) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	folder, status := d.serving(in.NodeId)
	if !status.Ok() {
		return status
	}
	if in.Offset == 0 {
		d.listings[in.Fh] = nil
		for name, n := range folder.names {
			d.listings[in.Fh] = append(d.listings[in.Fh], fuse.DirEntry{Name: name, Ino: n.id, Mode: n.mode})
		}
	}
	for at := int(in.Offset); at < len(d.listings[in.Fh]); at++ {
		e := d.listings[in.Fh][at]
		if e.Off = uint64(at + 1); !out.AddDirEntry(e) {
			break
		}
	}
	return fuse.OK
}

func (d *served) ReleaseDir(in *fuse.ReleaseIn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.listings, in.Fh)
}

func (d *served) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	const blocks = 1 << 30 / pageSize
	*out = fuse.StatfsOut{Blocks: blocks, Bfree: blocks, Bavail: blocks, Files: 1 << 20, Ffree: 1 << 20, Bsize: pageSize, Frsize: pageSize, NameLen: 255}
	return fuse.OK
}

// Access lets everybody in; the kernel asks no more.
func (d *served) Access(<-chan struct{}, *fuse.AccessIn) fuse.Status { return fuse.OK }

// Flush has nothing to bring anywhere.
func (d *served) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.OK }

// Statx is done by GetAttr.
func (d *served) Statx(<-chan struct{}, *fuse.StatxIn, *fuse.StatxOut) fuse.Status {
	return fuse.ENOSYS
}

// String names the disk where FUSE logs.
func (d *served) String() string { return "power" }
