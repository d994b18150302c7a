package interop

import (
	"os"
	"regexp"
	"sync"
	"testing"

	"github.com/haulier/haulier/test/program"
)

var rcloneBuilt = sync.OnceValues(program.Rclone)

func rcloneProgram(t testing.TB) string {
	t.Helper()
	file, err := rcloneBuilt()
	if err != nil {
		t.Fatal(err)
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
