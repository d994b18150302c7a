//go:build !failpoints

package failpoint

// Enabled says whether this build has failpoints.
const Enabled = false

// Hit does nothing.
func Hit(string) error { return nil }

// End does nothing.
func End() {}
