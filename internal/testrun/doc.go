// Command testrun runs "go test" and says at the end which tests did not run, and why.
//
//	go run ./internal/testrun [-json FILE] [-must-run FILE] [--] [arguments of go test]
//
// A skipped test is easy to overlook among hundreds that ran. testrun prints the usual lines of go test, the output of
// tests that failed, and then what was skipped, by reason. With -must-run it fails when a test that FILE names was
// skipped or is missing; with -json it keeps the events of the run for tests that look at it afterwards.
package main
