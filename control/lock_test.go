package control_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/haulier/haulier/control"
)

func TestADataFolderHasOneProcess(t *testing.T) {
	dir := t.TempDir()
	if control.Locked(dir) {
		t.Error("a new data folder is in use")
	}
	lock, err := control.TakeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !control.Locked(dir) {
		t.Error("the data folder is not in use")
	}
	if _, err := control.TakeLock(dir); !errors.Is(err, control.ErrLocked) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("taken twice: %v", err)
	}
	if err := lock.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := control.TakeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Release(); err != nil {
		t.Error(err)
	}
}
