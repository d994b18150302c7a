package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// epochFile is where a job keeps which life of the ledger it last used the stage with.
func (s *Stage) epochFile(owner string) string {
	return filepath.Join(s.dir, "epoch."+filepath.Base(owner))
}

// Epoch gives the ledger's epoch that a job last used this stage with; empty: none yet.
func (s *Stage) Epoch(owner string) (string, error) {
	text, err := os.ReadFile(s.epochFile(owner))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read epoch of stage: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// SetEpoch notes the ledger's epoch for a job, durably.
func (s *Stage) SetEpoch(owner, epoch string) error {
	return s.alone(func() error { return s.writeEpoch(owner, epoch) })
}

// ChangeEpoch does so if the epoch is still the one that was read: a run that ends must not take back what a person said
// while it ran.
func (s *Stage) ChangeEpoch(owner, from, to string) error {
	return s.alone(func() error {
		now, err := s.Epoch(owner)
		if err != nil || now != from {
			return err
		}
		return s.writeEpoch(owner, to)
	})
}

// CarryStage gives the stage of a job that has another name by now that job's folder: dir becomes what former was, unless
// it is there already.
func CarryStage(dir, former string) error {
	err := renameNoReplace(former, dir)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err = errors.Join(err, syncDir(filepath.Dir(dir))); err != nil {
		return fmt.Errorf("carry on the stage: %w", err)
	}
	return nil
}

// alone keeps other processes from writing an epoch meanwhile.
func (s *Stage) alone(act func() error) error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	defer dir.Close()
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	return act()
}

func (s *Stage) writeEpoch(owner, epoch string) error {
	temp := s.epochFile(owner) + ".new"
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	_, err = file.WriteString(epoch + "\n")
	if err = errors.Join(err, (&durable{file}).Close()); err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	if err := os.Rename(temp, s.epochFile(owner)); err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	return s.Sync()
}
