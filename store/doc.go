// Package store remembers everything: the ledger of files, slots, runs, requests, keys, secrets and incidents.
//
// It is the only package that knows a database. Each write is one transaction that is on disk when the method returns;
// each compare-and-set that comes too late gives [job.ErrStale]. Other packages declare the few methods that they need.
//
// A Store has one connection that writes and a few that read, so that writers of this process queue here and never meet
// a busy database. Other processes may read beside it, and write in short transactions.
package store
