package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/job"
)

// Outbox is a folder where the platform leaves files to export.
type Outbox struct {
	dir string
}

// OpenOutbox opens the folder. It is the platform's: one that is not there is an error, not ours to make.
func OpenOutbox(dir string) (*Outbox, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open outbox: %s is not a folder", dir)
	}
	return &Outbox{dir: dir}, nil
}

// listBatch bounds how many names are held at once.
const listBatch = 1024

// List gives every name in the folder. Times are in nanoseconds: the platform may write twice in a second.
func (o *Outbox) List(ctx context.Context, each func(job.Entry) error) error {
	folder, err := os.Open(o.dir)
	if err != nil {
		return fmt.Errorf("list outbox: %w", err)
	}
	defer folder.Close()
	for {
		entries, err := folder.ReadDir(listBatch)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list outbox: %w", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // taken away while we looked
			}
			if err != nil {
				return fmt.Errorf("list outbox: %w", err)
			}
			if err := each(asEntry(info)); err != nil {
				return err
			}
		}
	}
}

func asEntry(info fs.FileInfo) job.Entry {
	entry := job.Entry{Name: info.Name(), Size: info.Size(), ModTime: info.ModTime().UnixNano(), Kind: job.KindOther}
	switch {
	case info.Mode().IsRegular():
		entry.Kind = job.KindFile
	case info.IsDir():
		entry.Kind = job.KindDir
	case info.Mode()&fs.ModeSymlink != 0:
		entry.Kind = job.KindLink
	}
	return entry
}

// Open reads a file and tells what it is now; a link is not followed.
func (o *Outbox) Open(name string) (io.ReadCloser, job.Entry, error) {
	file, err := os.OpenFile(o.Path(name), os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, job.Entry{}, fmt.Errorf("open in outbox: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, job.Entry{}, errors.Join(fmt.Errorf("open in outbox: %w", err), file.Close())
	}
	return file, asEntry(info), nil
}

// Stat tells what a file is now; fs.ErrNotExist when it is not there.
func (o *Outbox) Stat(name string) (job.Entry, error) {
	info, err := os.Lstat(o.Path(name))
	if err != nil {
		return job.Entry{}, fmt.Errorf("look into outbox: %w", err)
	}
	return asEntry(info), nil
}

// Path gives the full path of a name.
func (o *Outbox) Path(name string) string { return filepath.Join(o.dir, filepath.Base(name)) }

// Remove deletes a file, durably; one that is not there is fine.
func (o *Outbox) Remove(name string) error {
	err := os.Remove(o.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err := errors.Join(err, syncDir(o.dir)); err != nil {
		return fmt.Errorf("remove from outbox: %w", err)
	}
	return nil
}

// Move moves a file to a folder on the same file system, durably: fs.ErrExist when the new name is taken,
// fs.ErrNotExist when the file is not there.
func (o *Outbox) Move(name, dir, newName string) error {
	if err := makeDir(dir, 0o755); err != nil {
		return fmt.Errorf("move from outbox: %w", err)
	}
	err := renameNoReplace(o.Path(name), filepath.Join(dir, filepath.Base(newName)))
	if err := errors.Join(err, syncDir(dir), syncDir(o.dir)); err != nil {
		return fmt.Errorf("move from outbox: %w", err)
	}
	return nil
}

// Forget deletes a kept copy, durably; one that is not there is fine.
func Forget(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := errors.Join(err, syncDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("forget kept copy: %w", err)
	}
	return nil
}
