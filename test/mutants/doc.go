// Command mutants takes one safety line after the other out of the program, an fsync, a comparison, a deadline, and sees
// that a test fails without it. A line that nobody misses is either not needed or not tested.
//
//	go run ./test/mutants                        all of them
//	go run ./test/mutants -short                 what CI runs: every mutant applies and compiles, and some are killed
//	go run ./test/mutants -only NAME,NAME        some of them
//	go run ./test/mutants -report FILE           all of them, and the table in a document written anew
//
// The tree is not touched: the go command is given an overlay, by GOFLAGS, so that programs which tests build are mutants
// too. Before that the tests must pass without a mutant. A mutant that does not apply any more, or does not compile, is a
// failure like one that survives.
package main
