package wire

import (
	"context"
	"math"
	"strings"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// pathRequest makes a request whose fields are strings.
func pathRequest(op Op, kind byte, paths ...string) *request {
	size := packet.HeaderLength
	for _, p := range paths {
		size += 4 + len(p)
	}
	b := packet.Begin(make([]byte, 0, size+8), kind, 0)
	for _, p := range paths {
		b = packet.AppendString(b, p)
	}
	return &request{op: op, path: paths[0], packet: b}
}

// askStatus asks for something that is done or not.
func (c *Client) askStatus(ctx context.Context, r *request) error {
	r, err := c.ask(ctx, r)
	if err != nil {
		return err
	}
	return r.status()
}

// askBody asks for something that is answered with fields.
func (c *Client) askBody(ctx context.Context, r *request) (*packet.Fields, error) {
	r, err := c.ask(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.kind == packet.Status {
		return nil, r.status()
	}
	return packet.Parse(r.body), nil
}

// broken ends the session because the fields of an answer are not what they should be.
func (c *Client) broken(op Op, path string, cause error) error {
	cause = protocol("%s %s: %v", op, quote(path), cause)
	c.fail(cause)
	return &ConnectionError{Op: op, Path: path, Sent: true, Err: cause}
}

// Stat looks at what path leads to. The entry's name is the last element of path.
func (c *Client) Stat(ctx context.Context, path string) (job.Entry, error) {
	return c.look(ctx, pathRequest(OpStat, packet.Stat, path))
}

// Lstat is Stat without following a symbolic link at the end.
func (c *Client) Lstat(ctx context.Context, path string) (job.Entry, error) {
	return c.look(ctx, pathRequest(OpLstat, packet.Lstat, path))
}

func (c *Client) look(ctx context.Context, r *request) (job.Entry, error) {
	op, path := r.op, r.path
	f, err := c.askBody(ctx, r)
	if err != nil {
		return job.Entry{}, err
	}
	attrs := f.Attrs()
	if f.Err() != nil {
		return job.Entry{}, c.broken(op, path, f.Err())
	}
	return entry(path[strings.LastIndexByte(path, '/')+1:], attrs), nil
}

// entry says what attributes tell, and that the others were not told.
func entry(name string, a packet.Attrs) job.Entry {
	e := job.Entry{Name: name, Size: -1, Kind: job.KindUnknown}
	if a.Has(packet.AttrSize) {
		e.Size = int64(min(a.Size, math.MaxInt64))
	}
	if a.Has(packet.AttrTimes) {
		e.ModTime = int64(a.MTime)
	}
	if a.Has(packet.AttrPermissions) {
		e.Kind = kind(a.Mode)
	}
	return e
}

func kind(mode uint32) job.EntryKind {
	switch mode & packet.ModeType {
	case packet.ModeRegular:
		return job.KindFile
	case packet.ModeDir:
		return job.KindDir
	case packet.ModeLink:
		return job.KindLink
	case 0:
		return job.KindUnknown
	}
	return job.KindOther
}

// Realpath gives the server's absolute form of path, raw. Realpath(".") is the folder that a login lands in.
func (c *Client) Realpath(ctx context.Context, path string) (string, error) {
	f, err := c.askBody(ctx, pathRequest(OpRealpath, packet.Realpath, path))
	if err != nil {
		return "", err
	}
	count, name := f.Uint32(), f.String()
	if f.Err() != nil {
		return "", c.broken(OpRealpath, path, f.Err())
	}
	if count != 1 {
		return "", c.broken(OpRealpath, path, protocol("%d names", count))
	}
	return name, nil
}

// Remove removes a file, in one request.
func (c *Client) Remove(ctx context.Context, path string) error {
	return c.askStatus(ctx, pathRequest(OpRemove, packet.Remove, path))
}

// Mkdir makes a folder; its permissions are the server's choice.
func (c *Client) Mkdir(ctx context.Context, path string) error {
	r := pathRequest(OpMkdir, packet.Mkdir, path)
	r.packet = packet.AppendUint32(r.packet, 0) // no attributes
	return c.askStatus(ctx, r)
}

// Rmdir removes an empty folder.
func (c *Client) Rmdir(ctx context.Context, path string) error {
	return c.askStatus(ctx, pathRequest(OpRmdir, packet.Rmdir, path))
}

// Rename is SSH_FXP_RENAME. Whether it replaces what is at to, differs between servers. Sent is called when the request is on its way.
func (c *Client) Rename(ctx context.Context, from, to string, sent ...func()) error {
	r := pathRequest(OpRename, packet.Rename, from, to)
	r.sent = sent
	return c.askStatus(ctx, r)
}

// PosixRename renames and replaces. A server that does not offer it gives errors.ErrUnsupported and is not asked. Sent is as with Rename.
func (c *Client) PosixRename(ctx context.Context, from, to string, sent ...func()) error {
	if !c.offers(packet.PosixRename) {
		return missing(OpPosixRename, from)
	}
	r := pathRequest(OpPosixRename, packet.Extended, packet.PosixRename, from, to)
	r.path, r.sent = from, sent
	return c.askStatus(ctx, r)
}

// Statvfs gives the bytes that an ordinary user may still write below path. A server that does not offer it gives
// errors.ErrUnsupported and is not asked.
func (c *Client) Statvfs(ctx context.Context, path string) (free int64, err error) {
	if !c.offers(packet.Statvfs) {
		return 0, missing(OpStatvfs, path)
	}
	r := pathRequest(OpStatvfs, packet.Extended, packet.Statvfs, path)
	r.path = path
	f, err := c.askBody(ctx, r)
	if err != nil {
		return 0, err
	}
	_, fragment, _, _, available := f.Uint64(), f.Uint64(), f.Uint64(), f.Uint64(), f.Uint64()
	if f.Err() != nil {
		return 0, c.broken(OpStatvfs, path, f.Err())
	}
	if fragment > 0 && available > math.MaxInt64/fragment {
		return math.MaxInt64, nil
	}
	return int64(fragment * available), nil
}
