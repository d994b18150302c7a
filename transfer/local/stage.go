package local

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/internal/failpoint"
)

// landedMode is what a landed file may be used for; the stage itself is 0700, so nobody sees it before.
const landedMode = 0o640

// Stage is a private folder where files are made whole. Names in it carry the row and the fence of who made them, so
// that no two attempts ever share one.
type Stage struct {
	dir   string
	syncs shared
}

// OpenStage makes the folder (mode 0700) when it is not there, and proves that its file system can rename without
// replacing, which everything else relies on.
func OpenStage(dir string) (*Stage, error) {
	if err := makeDir(filepath.Dir(dir), 0o755); err != nil {
		return nil, fmt.Errorf("make stage: %w", err)
	}
	if err := makeDir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make stage: %w", err)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("stage %s is not a folder of its own", dir)
	}
	s := &Stage{dir: dir}
	return s, s.probe()
}

// PeekStage gives a stage to be read, as it is or is not: nothing is made or tried.
func PeekStage(dir string) *Stage { return &Stage{dir: dir} }

// probe tries a rename onto a taken name: a file system that replaces it must not be used.
func (s *Stage) probe() error {
	s.forgetProbes()
	taken, err := os.CreateTemp(s.dir, "probe-*")
	if err != nil {
		return fmt.Errorf("write to stage: %w", err)
	}
	defer os.Remove(taken.Name())
	other, err := os.CreateTemp(s.dir, "probe-*")
	if err != nil {
		return errors.Join(fmt.Errorf("write to stage: %w", err), taken.Close())
	}
	defer os.Remove(other.Name())
	if err := errors.Join(taken.Close(), other.Close()); err != nil {
		return fmt.Errorf("write to stage: %w", err)
	}
	if err := renameNoReplace(other.Name(), taken.Name()); !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("the file system of stage %s cannot rename without replacing (%v); use a local file system", s.dir, err)
	}
	return nil
}

// forgetProbes removes what probes left whose process died.
func (s *Stage) forgetProbes() {
	names, _ := s.Leftovers(time.Now().Add(-time.Hour)) // a folder that cannot be read fails the probe
	for _, name := range names {
		if strings.HasPrefix(name, "probe-") {
			_ = os.Remove(s.path(name))
		}
	}
}

func (s *Stage) path(name string) string { return filepath.Join(s.dir, filepath.Base(name)) }

// Create makes a new file of this name, for writing. Its Close makes the bytes durable; the name is made so by Promote
// or Sync.
func (s *Stage) Create(name string) (io.WriteCloser, error) {
	file, err := os.OpenFile(s.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, landedMode)
	if err != nil {
		return nil, fmt.Errorf("create in stage: %w", err)
	}
	return &durable{file}, nil
}

// durable is a file that is on the disk once Close returned nil.
type durable struct{ *os.File }

func (d *durable) Close() error { return errors.Join(d.File.Sync(), d.File.Close()) }

// Open reads a staged file and tells its size; fs.ErrNotExist when it is not there.
func (s *Stage) Open(name string) (io.ReadCloser, int64, error) {
	file, err := os.Open(s.path(name))
	if err != nil {
		return nil, 0, fmt.Errorf("open in stage: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open in stage: %w", err), file.Close())
	}
	return file, info.Size(), nil
}

// Promote gives a staged file its next name, durably. It is done twice without harm: when only the new name is there
// it says nil. fs.ErrExist when both are there.
func (s *Stage) Promote(from, to string) error {
	err := renameNoReplace(s.path(from), s.path(to))
	if hit := failpoint.Hit("stage.renamed"); hit != nil {
		return hit
	}
	if errors.Is(err, fs.ErrNotExist) {
		if _, seen := os.Lstat(s.path(to)); seen == nil {
			err = nil
		}
	}
	// The folder is synced on every branch: an earlier rename may not have been.
	if err := errors.Join(err, s.Sync()); err != nil {
		return fmt.Errorf("promote in stage: %w", err)
	}
	return nil
}

// Remove deletes a staged file; one that is not there, as mostly, is fine. A folder is no staged file.
func (s *Stage) Remove(name string) error {
	path := s.path(name)
	if err := unbroken(func() error { return unix.Unlink(path) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove from stage: %w", &os.PathError{Op: "remove", Path: path, Err: err})
	}
	return nil
}

// Sync makes the names in the stage durable.
func (s *Stage) Sync() error { return s.syncs.do(func() error { return syncDir(s.dir) }) }

// Leftovers gives the staged names that were last written before a time.
func (s *Stage) Leftovers(before time.Time) ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("look into stage: %w", err)
	}
	var names []string
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Free gives the bytes that may still be written.
func (s *Stage) Free() (int64, error) { return Free(s.dir) }
