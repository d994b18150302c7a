package job

// Beside is what the ledger writes together with a step of a file: all of it or nothing.
type Beside struct {
	// Claim is the row as it was read, where the step claims it as well: the file's fence is the next one.
	Claim    *File
	Passed   []Step    // steps that the row came by since it was written, oldest first: each has its line in the timeline
	Requests []Request // that were made meanwhile
	Outcome  *Outcome  // how the file's run let go of it; its File is the row as it is written, whatever it says here
}
