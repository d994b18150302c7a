package sftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/haulier/haulier/job"
)

// trial is one probe file in one folder, and what it has shown.
type trial struct {
	s     *Session
	dir   string
	name  string // present name of the probe file
	quiet bool   // the server takes uploads and no questions
	swept bool   // the file was taken away at once
	found []string
	warn  bool
}

func (t *trial) note(format string, args ...any) {
	t.found = append(t.found, fmt.Sprintf(format, args...))
}

func (t *trial) doubt(format string, args ...any) {
	t.warn = true
	t.note(format, args...)
}

// upload sends the probe file and looks whether it stayed.
func (t *trial) upload(ctx context.Context, content []byte) error {
	if _, err := t.s.Put(ctx, t.name, bytes.NewReader(content), 0, nil); err != nil {
		return err
	}
	t.note("upload of %d bytes ok", len(content))
	if t.quiet {
		t.note("the probe file %s stays there: this server removes nothing for us", printable(t.name))
		return nil
	}
	_, err := t.s.Stat(ctx, t.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.swept = true
		t.s.Learn(func(p *job.Profile) { p.SweepsAtOnce = yes() })
		t.note("the server takes files away at once")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, errors.ErrUnsupported):
		t.s.Learn(func(p *job.Profile) { p.Stat = no() })
		t.doubt("may not look at its files")
	case err != nil:
		return err
	default:
		t.s.Learn(func(p *job.Profile) { p.SweepsAtOnce = no() })
	}
	return nil
}

// fetch gets the probe file back. Where nothing is downloaded, a refusal is no failure.
func (t *trial) fetch(ctx context.Context, content []byte, needed bool) error {
	var back bytes.Buffer
	_, err := t.s.Get(ctx, t.name, int64(len(content)), &back, nil)
	switch {
	case err != nil && needed:
		return err
	case err != nil:
		t.note("fetching it is refused, and not needed")
	case !bytes.Equal(back.Bytes(), content):
		return t.s.remote("remote.content_changed", act{doing: "fetch", path: t.name},
			fmt.Sprintf("the server gave back other bytes than were sent as %s", shown(t.name)), "show this to whoever runs the server", nil)
	default:
		t.note("fetched back, bytes equal")
	}
	return nil
}

// renames finds out by which means names are changed here.
func (t *trial) renames(ctx context.Context) renameNote {
	target := t.name + ".renamed"
	posix := t.s.Profile().PosixRename
	plain := t.s.Rename(ctx, t.name, target, job.RenameV3)
	if plain != nil {
		t.s.Learn(func(p *job.Profile) { p.Rename = no() })
		if posix == nil || !*posix || t.s.Rename(ctx, t.name, target, job.RenamePosix) != nil {
			t.s.Learn(func(p *job.Profile) { p.PosixRename = no() })
			return renameNote{StateWarn, "refused: files are written under their final name"}
		}
		t.name = target
		return renameNote{StateOK, "posix-rename"}
	}
	first := t.name
	t.name = target
	return t.renameOver(ctx, first, target)
}

// renameOver finds out whether a plain rename replaces a file.
func (t *trial) renameOver(ctx context.Context, first, target string) renameNote {
	note := renameNote{StateOK, "plain rename"}
	if posix := t.s.Profile().PosixRename; posix != nil && *posix {
		note.detail = "posix-rename and plain rename"
	}
	if _, err := t.s.Put(ctx, first, bytes.NewReader(nil), 0, nil); err != nil {
		return note
	}
	err := t.s.Rename(ctx, first, target, job.RenameV3)
	replaces := err == nil
	t.s.Learn(func(p *job.Profile) { p.RenameOver = &replaces })
	if replaces {
		note.detail += "; a plain rename replaces"
		return note
	}
	note.detail += "; a plain rename does not replace"
	if err := t.s.Remove(ctx, first); err != nil {
		t.doubt("the probe file %s stays there", printable(first))
	}
	return note
}

// clear removes the probe file.
func (t *trial) clear(ctx context.Context) {
	if t.quiet || t.swept {
		return
	}
	err := t.s.Remove(ctx, t.name)
	switch {
	case err == nil:
		t.note("removed")
	case errors.Is(err, fs.ErrNotExist):
		t.s.Learn(func(p *job.Profile) { p.SweepsAtOnce = yes() })
		t.note("the server takes files away at once")
	default:
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported) {
			t.s.Learn(func(p *job.Profile) { p.Remove = no() })
		}
		t.doubt("the probe file %s stays there: removing it is refused", printable(t.name))
	}
}
