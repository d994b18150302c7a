//go:build race

package pgp_test

const (
	raceDetector = true

	// step lets the tests of every byte look at some of them: races show in any.
	step = 23
)
