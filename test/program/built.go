package program

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// remove deletes what once built, if it did.
var remove = func() error { return nil }

var once = sync.OnceValues(func() (string, error) {
	path, made, err := Build()
	if err == nil {
		remove = made
	}
	return path, err
})

// Built gives the path of the program, which is built when the first test of a process asks. TestMain has to end with Leave.
func Built(t testing.TB) string {
	t.Helper()
	path, err := once()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// Leave removes what Built made, and ends the process with the code of its tests.
func Leave(code int) {
	if err := remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}
