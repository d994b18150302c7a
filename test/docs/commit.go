package docs

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Commit names what the tree holds, for a report of what was tested; what is not committed is told.
func Commit(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return "", fmt.Errorf("ask git for the commit: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
