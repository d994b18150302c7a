package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
