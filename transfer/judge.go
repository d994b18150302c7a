package transfer

import (
	"time"

	"github.com/haulier/haulier/job"
)

// verdict is what a listed source means for its newest row.
type verdict int

const (
	verdictNew     verdict = iota // another version: a generation begins
	verdictChanged                // still being written: its quiet time begins again
	verdictWaiting                // quiet, not yet for long enough
	verdictReady                  // to be taken
	verdictKnown                  // served before
	verdictHeld                   // a person decides
	verdictStaying                // its delete was acknowledged, and it is still there
	verdictSpent                  // another version lies where a read-once server gave one to a run that died: that one is used up
	verdictBusy                   // its row moved since the listing began, or a run has it: the next listing judges
)

// sighting is one source in a listing, with the newest row of its path.
type sighting struct {
	path  string
	entry job.Entry
	row   job.File
	known bool // there is a row
}

// unchanged says whether size and time are those of the row.
func (s sighting) unchanged() bool {
	return s.row.Size == s.entry.Size && s.row.ModTime == s.entry.ModTime
}

// weigh compares a sighting with its row. Stamp is the ledger's when the listing began; force takes again what was
// served before.
func weigh(s sighting, stamp int64, now time.Time, stableFor time.Duration, force bool) verdict {
	switch {
	case !s.known:
		return verdictNew
	case s.row.Step == job.StepClaimed && s.row.Aside == "":
		return judgeCut(s)
	case s.row.Touched > stamp:
		return verdictBusy
	case open(s.row):
		return judgeOpen(s, now, stableFor)
	case s.row.Step != job.StepDone && s.row.State != job.FileHeld:
		return verdictBusy
	case !s.unchanged():
		return verdictNew
	case s.row.State == job.FileHeld:
		return verdictHeld
	case s.row.Absent, s.row.Moved, force:
		return verdictNew
	case s.row.Aside != "":
		return verdictStaying
	}
	return verdictKnown
}

// judgeCut is for what a read-once server gave to a run that died before it had it.
func judgeCut(s sighting) verdict {
	switch {
	case s.unchanged():
		return verdictChanged // the server still shows it: as newly listed
	case s.row.State == job.FileHeld:
		return verdictNew
	}
	return verdictSpent
}

// open says whether the row is of a source that was found and not yet taken. One that changed while it was fetched is
// taken up again by itself.
func open(row job.File) bool {
	if row.Step != job.StepSeen {
		return false
	}
	return row.State != job.FileHeld || (row.Reason != nil && row.Reason.Slug == slugSizeChanged)
}

func judgeOpen(s sighting, now time.Time, stableFor time.Duration) verdict {
	switch {
	case s.row.Aside != "":
		return verdictBusy // its version lies under a name of ours and goes first
	case !s.unchanged(), s.row.Absent:
		return verdictChanged
	case now.Sub(s.row.StableSince) < stableFor:
		return verdictWaiting
	}
	return verdictReady
}
