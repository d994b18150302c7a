package pgp_test

import (
	"crypto"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const sha256 = crypto.SHA256

// epoch is a day in the past on which everything was in order.
var epoch = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
