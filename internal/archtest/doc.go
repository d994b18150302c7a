// Package archtest holds the house to its plan: who may import whom, and the small rules that no linter knows.
//
// The table in table.go is the drawing of docs/design.md in a form that a test can read. A package that is not in the
// table fails the test: add its row together with a record of why in docs/adr.
package archtest
