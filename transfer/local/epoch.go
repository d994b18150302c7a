package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// epochFile says which life of the ledger the folder belongs to.
const epochFile = "epoch"

// Epoch gives the ledger's epoch that this stage was last used with; empty: none yet.
func (s *Stage) Epoch() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, epochFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read epoch of stage: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// SetEpoch notes the ledger's epoch, durably.
func (s *Stage) SetEpoch(epoch string) error {
	temp := filepath.Join(s.dir, epochFile+".new")
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	_, err = file.WriteString(epoch + "\n")
	if err = errors.Join(err, (&durable{file}).Close()); err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	if err := os.Rename(temp, filepath.Join(s.dir, epochFile)); err != nil {
		return fmt.Errorf("write epoch of stage: %w", err)
	}
	return s.Sync()
}
