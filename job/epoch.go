package job

// RestoredEpoch begins the epoch of a ledger that was put back from a backup.
const RestoredEpoch = "restored-"
