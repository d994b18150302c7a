// Command fuzzrun fuzzes every target of some packages, one after the other, for a time each: go test takes one target at a
// time. It goes on when one finds something, and names those that did.
//
//	go run ./internal/fuzzrun -time 10s ./...
package main
