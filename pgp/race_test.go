//go:build race

package pgp_test

const (
	raceDetector = true

	// step lets the tests of every byte look at some of them: races show in any.
	step = 23

	// bombSize is what a bomb swells to; what is limited from a larger size on is shown without the detector.
	bombSize = 24 << 20
)
