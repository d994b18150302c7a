//go:build !race

package pgp_test

const (
	raceDetector = false

	// step lets the tests of every byte look at every byte.
	step = 1

	// bombSize is what a bomb swells to.
	bombSize = 80 << 20
)
