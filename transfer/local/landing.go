package local

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/internal/failpoint"
)

// StageDir is where a landing keeps its unfinished files: inside, so that landing is a rename.
const StageDir = ".haulier"

// Landing is a folder where the platform takes imported files, with its stage.
type Landing struct {
	*Stage
	dir   string
	syncs shared
}

// OpenLanding makes the folder when it is not there, and its stage.
func OpenLanding(dir string) (*Landing, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := makeDir(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make landing: %w", err)
	}
	stage, err := OpenStage(filepath.Join(dir, StageDir))
	if err != nil {
		return nil, err
	}
	same, err := sameDevice(dir, stage.dir)
	if err != nil {
		return nil, fmt.Errorf("open landing: %w", err)
	}
	if !same {
		return nil, fmt.Errorf("the stage %s is on another file system than its landing; files could not land whole", stage.dir)
	}
	return &Landing{Stage: stage, dir: dir}, nil
}

// FindLanding opens a landing that was used before, as it is: fs.ErrNotExist when it has no stage any more.
func FindLanding(dir string) (*Landing, error) {
	if _, err := os.Stat(filepath.Join(dir, StageDir)); err != nil {
		return nil, fmt.Errorf("open landing: %w", err)
	}
	return OpenLanding(dir)
}

// PeekLanding gives a landing to be read, as it is or is not.
func PeekLanding(dir string) *Landing {
	return &Landing{Stage: PeekStage(filepath.Join(dir, StageDir)), dir: dir}
}

// Land gives a staged file its final name and syncs both folders on every branch: fs.ErrExist when the name is taken
// and replace is false, fs.ErrNotExist when the staged file is not there, which for a file that was to land proves
// that it did.
func (l *Landing) Land(ready, final string, replace bool) error {
	from, to := l.Stage.path(ready), l.Path(final)
	err := l.rename(from, to, replace)
	if hit := failpoint.Hit("landing.renamed"); hit != nil { // the names are not durable yet
		return hit
	}
	// Without its folders a missing file proves nothing: they may have been taken away with it.
	if unsynced := errors.Join(l.syncs.do(func() error { return syncDir(l.dir) }), l.Stage.Sync()); errors.Is(unsynced, fs.ErrNotExist) {
		return fmt.Errorf("land: the landing or its stage is gone: %v", unsynced)
	} else if err = errors.Join(err, unsynced); err != nil {
		return fmt.Errorf("land: %w", err)
	}
	return nil
}

func (l *Landing) rename(from, to string, replace bool) error {
	if !replace {
		return renameNoReplace(from, to)
	}
	// A folder or link of that name is nobody's file to replace.
	if info, err := os.Lstat(to); err == nil && !info.Mode().IsRegular() {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// Path gives the full path of a final name.
func (l *Landing) Path(final string) string { return filepath.Join(l.dir, filepath.Base(final)) }

// Taken says whether anything has this final name.
func (l *Landing) Taken(final string) bool {
	_, err := os.Lstat(l.Path(final))
	return err == nil
}

// Archive moves a staged file into an archive folder, durably, and gives its path there. Done twice it finds what the
// first time made. A folder on another file system gets a copy. fs.ErrExist when the name is taken by other content.
func (l *Landing) Archive(staged, dir, name string) (string, error) {
	if err := makeDir(dir, 0o700); err != nil {
		return "", fmt.Errorf("make archive: %w", err)
	}
	from, to := l.Stage.path(staged), filepath.Join(dir, filepath.Base(name))
	err := renameNoReplace(from, to)
	switch {
	case errors.Is(err, unix.EXDEV):
		err = copyAcross(from, to)
	case errors.Is(err, fs.ErrExist):
		if err = sameContent(from, to); err == nil { // it is there already
			err = os.Remove(from)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		if _, seen := os.Lstat(to); seen == nil {
			err = nil
		}
	}
	if err := errors.Join(err, syncDir(dir)); err != nil {
		return "", fmt.Errorf("archive: %w", err)
	}
	return to, nil
}

// copyAcross copies to another file system under a passing name, renames there and removes the source. The passing name
// belongs to this copy alone, so what a crash left of it may be overwritten.
func copyAcross(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	// The passing name is short, whatever the length of the other.
	sum := sha256.Sum256([]byte(filepath.Base(to)))
	passing := filepath.Join(filepath.Dir(to), fmt.Sprintf(".haulier-%x.copying", sum[:16]))
	target, err := os.OpenFile(passing, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	if err = errors.Join(err, (&durable{target}).Close()); err != nil {
		return errors.Join(err, os.Remove(passing))
	}
	err = renameNoReplace(passing, to)
	if errors.Is(err, fs.ErrExist) {
		err = sameContent(from, to) // an earlier attempt may have died before it removed the source
	}
	if err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(passing)))
	}
	if err := ignoreMissing(os.Remove(passing)); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(to)); err != nil {
		return err
	}
	return os.Remove(from)
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sameContent gives fs.ErrExist when two files differ.
func sameContent(first, second string) error {
	sums := [2]string{}
	for i, path := range []string{first, second} {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		sum := sha256.New()
		_, err = io.Copy(sum, file)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
		sums[i] = string(sum.Sum(nil))
	}
	if sums[0] != sums[1] {
		return &os.PathError{Op: "archive", Path: second, Err: fs.ErrExist}
	}
	return nil
}
