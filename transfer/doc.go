// Package transfer moves files: it holds the two state machines, import and export.
//
// Every durable step is a function whose comment carries its code (C1…C15 for imports, X1…X9 for exports), and every
// step ends in one compare-and-set on the ledger row. A process that dies between two steps leaves a row and files
// from which recover goes on: nothing is lost, nothing is landed or delivered twice, and what cannot be known is held
// for a person. docs/state-machine.md draws both machines.
//
// The package knows neither SSH nor SQL nor OpenPGP: it works through the small ports below.
package transfer
