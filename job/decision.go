package job

// Resolution is how a person ends the doubt about a file.
type Resolution string

// The resolutions.
const (
	AsLanded    Resolution = "landed"    // an import that is where it should be
	AsDelivered Resolution = "delivered" // an export that the customer has
	AsAgain     Resolution = "again"     // to be moved again, from the beginning
	AsDrop      Resolution = "drop"      // not to be moved
)

// RestoredSlugs are the causes for which a restored ledger or a mass change on the server holds: what is held for them is decided together.
var RestoredSlugs = []string{"ledger.restored", "remote.mass_change"}

// Settling is a person's word about all files of a job that are held for one of RestoredSlugs.
type Settling struct {
	As   Resolution
	UpTo int64 // the highest number of a file that they know of: what came later stays held; 0: all that there are
	By   string
	Why  string
}

// Decision is a person's word about one file in doubt, or about a rejected one that is let be.
type Decision struct {
	File  int64
	As    Resolution
	About string // slug of the doubt that they know of; empty: whatever it is by now
	Fence *int64 // the row's when they looked at it: it rises with each attempt and each decision; nil: whatever it is by now
	By    string
	Why   string
}
