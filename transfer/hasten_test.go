package transfer

import "time"

// Hasten makes looks at copying servers short until restore is called.
func Hasten() (restore func()) {
	before := patience
	patience = []time.Duration{0, 10 * time.Millisecond, 50 * time.Millisecond}
	return func() { patience = before }
}
