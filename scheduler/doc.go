// Package scheduler decides when jobs run: it turns cron lines into slots, sees that each slot is run at most once and
// accounted for always, and owns the life of a run from its slot to its end.
//
// Parse and Schedule are pure: they have no clock and no state. Service is the scheduler at work: one goroutine with one
// timer watches all jobs, and one goroutine a run does the work. What runs, where it is remembered and whether an account
// may be dialled now are ports (Runner, Store, Gate); the package knows nothing of SFTP, SQL or YAML.
package scheduler
