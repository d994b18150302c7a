// Package interop asks one list of behaviours of many servers, and keeps docs/interop.md true: the table there is what the
// last run saw. The servers are real and are started by the run; a server of somebody else's is asked the same by naming it
// in the environment.
package interop
