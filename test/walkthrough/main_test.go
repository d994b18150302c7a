package walkthrough

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/test/program"
)

// haulier is the path of the built program.
var haulier string

func TestMain(m *testing.M) {
	path, remove, err := program.Build()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	haulier = path
	goleak.VerifyTestMain(leaving{m, remove})
}

// leaving removes the program after the tests.
type leaving struct {
	*testing.M
	remove func() error
}

func (l leaving) Run() int {
	code := l.M.Run()
	if err := l.remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
