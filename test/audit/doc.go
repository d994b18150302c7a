// Package audit judges what a night of transfers came to, from evidence that the program under test cannot touch.
//
// It shares no code with the program: it reads the ledger by SQL of its own, the logs by parsers of its own, and takes
// hashes itself. A mistake in the store or in the machines can so not hide itself from it; internal/archtest holds the
// package to that.
//
// # Evidence
//
//   - what the customer's side put out, a line for each version of each file, written before the version was complete
//     under its name (package witness has the customer);
//   - the operation log of the customer's server, with the hash of all that was written, moved or taken away, and its
//     backing folder as it is now;
//   - the landing log of a consumer that takes files away as they land (package witness), and what still lies in the
//     landing;
//   - the ledger.
//
// # What is compared
//
// Contents are known by SHA-256. What arrived (landed, or under a final name on the server) is given to the versions of
// that content, those first whose ledger row bears the name under which it arrived. Then, of each version and of each row:
//
//   - LOST: a version that did not arrive, and neither waits in the ledger nor is held, rejected, failed or skipped there
//     with a reason. If a row claims that it arrived, it is lost once its bytes are gone from the source's side too.
//   - DUP: a content that arrived more often than it was put out, less what a person asked for (held resolve --as again,
//     run --force).
//   - PARTIAL: a content that arrived, or lies there now, and is no version that was put out whole.
//   - EARLY_DELETE: see early.go: the server took a version away, or gave it another name, at our request before
//     the ledger's timeline says landed, or before the file was in the landing (the ctime that the consumer found).
//   - GHOST: a row that says landed or delivered, and nothing of it arrived. The bytes are still at the source's side.
//   - STUCK: while nothing runs: a row that is moving or stands between two steps without a reason, a run without an end, a
//     slot in the past that is still due.
//
// One fault is one finding: a version that arrived damaged is PARTIAL and not LOST as well.
//
// A version that no complete listing ever showed is counted as unseen, one that was shown and then replaced or removed by
// the customer itself as overwritten. Overwritten excuses nothing if a request of ours took that version away, or if it
// was there through a run that ended well, had time to find it stable and said nothing about it.
package audit
