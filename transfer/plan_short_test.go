package transfer

import "testing"

// ShortPlans has plans of a test have so many lines of each mark.
func ShortPlans(t *testing.T, most int) {
	was := planMost
	planMost = most
	t.Cleanup(func() { planMost = was })
}
