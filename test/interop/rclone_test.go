package interop

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
)

// rcloneBuilt builds rclone, by the number in its go.mod. The build cache makes all but the first time short.
var rcloneBuilt = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("../../.tools")
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", dir+"/", ".")
	build.Dir, build.Env = "rclone", append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		os.Stderr.Write(out)
		return "", err
	}
	return filepath.Join(dir, "rclone"), nil
})

func rcloneProgram(t testing.TB) string {
	t.Helper()
	file, err := rcloneBuilt()
	if err != nil {
		t.Fatalf("build rclone: %v", err)
	}
	return file
}

// rcloneVersion is the number in rclone's go.mod.
func rcloneVersion() string {
	content, err := os.ReadFile("rclone/go.mod")
	if err != nil {
		return err.Error()
	}
	return "rclone " + string(regexp.MustCompile(`github.com/rclone/rclone (v\S+)`).FindSubmatch(content)[1])
}
