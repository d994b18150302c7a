// Command faults is the fault campaign: it runs haulier, built with failpoints, against a customer's server that lies, is
// cut off, or is overtaken by its customer; kills it at every durable step and at random; takes its disk away; and has
// the auditor say after each case whether anything was lost, doubled, halved or touched too early.
//
//	go run ./test/faults -tier short                       what CI runs
//	go run ./test/faults -tier night -shard 3/12           one of twelve parts of a night
//	go run ./test/faults -list                             the cases
//	go run ./test/faults -only A1,D57 -seed 42 -v          some of them
//
// Results are appended to a file, a line a case, bound to the commit that was tested; -report makes the table of
// docs/reliability.md of them. A case whose tools are missing says so and counts as not run, never as passed.
package main
