package main

import "slices"

// all are all mutants, by where their lines are.
func all() []mutant {
	return slices.Concat(onDisk(), ofIncidents(), inLedger(), ofImports(), ofExports(), onTheWire(), ofSessions(), ofStripes(), ofMessages(), ofBackups(), ofTheService(), ofTheAPI(), fromOutside(), ofAccess(), ofPages(), ofChannels(), ofTheMonth())
}
