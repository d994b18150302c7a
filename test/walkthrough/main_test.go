package walkthrough

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(program.Leave)) }
