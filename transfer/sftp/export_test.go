package sftp

import "time"

// Stripe makes files of least bytes go over as many connections, however short the line is.
func (p *Pool) Stripe(lanes int, least int64, patience time.Duration) {
	p.rules = rules{lanes: func(time.Duration) int { return lanes }, least: least, atOnce: least, patience: patience, kept: keptFor}
}

// Keep makes helpers wait so long for the next file.
func (p *Pool) Keep(d time.Duration) { p.rules.kept = d }

// Helping is how many helpers there are.
func (p *Pool) Helping() int { return int(p.helping.Load()) }

// LanesFor is how many connections pay for a round trip.
var LanesFor = lanesFor
