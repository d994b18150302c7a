// Package expect tells when what a job was to bring by a deadline has not come.
//
// A day has a window: what arrives in it counts for that day. Rules are pure: a configuration and a date give the window, a
// window, a time and what came give the verdict. Service is the evaluator at work: one goroutine with one timer that sleeps
// until the next deadline of any job. The rows of the store are its only memory: each verdict is a compare-and-set, in one
// transaction with the count of what came and with what it tells, so that a crash anywhere tells nothing twice and forgets
// nothing. It knows nothing of runs but what a reason says of them.
package expect
