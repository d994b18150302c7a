package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Rclone builds rclone by the number in the go.mod of test/interop/rclone, and gives its path. The build cache makes all but the
// first time short.
func Rclone() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("look for the module: %w", err)
	}
	root := strings.TrimSpace(string(out))
	path := filepath.Join(root, ".tools", "rclone")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Dir, build.Env = filepath.Join(root, "test/interop/rclone"), append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build rclone: %w\n%s", err, out)
	}
	return path, nil
}
