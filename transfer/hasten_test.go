package transfer

import "time"

// Hasten makes looks at copying servers short until restore is called.
func Hasten() (restore func()) {
	before := patience
	patience = []time.Duration{0, 10 * time.Millisecond, 50 * time.Millisecond}
	return func() { patience = before }
}

// HastenUnsure lets files be quiet for a moment only whose done-files may be of a version before, until restore is called.
func HastenUnsure(quiet time.Duration) (restore func()) {
	before := unsureFor
	unsureFor = quiet
	return func() { unsureFor = before }
}
