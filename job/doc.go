// Package job is the vocabulary of Haulier: the nouns that its packages exchange, and nothing else.
//
// One noun a file, no behaviour beyond saying what a thing is, no I/O, only the standard library. A package of the
// middle row (scheduler, transfer, pgp, store, web) knows this package and none of its siblings.
package job
