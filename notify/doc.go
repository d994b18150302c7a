// Package notify tells people and systems: it makes deliveries of the events that the store has, and sends them to the channels
// of the configuration until they are taken.
//
// What is to be sent is a row, made in one transaction with how far the events were read, so that no crash loses or doubles one.
// Sending is at least once: a process that dies between the answer of the other side and its record sends again, with the same
// id, by which the other side can tell. The ladder of attempts, the fallback of a channel that fails and what a dead channel
// is owed are in the rows as well.
//
// What is told comes from outside in part: it is bounded and made printable here. What a channel needs of secrets is asked for
// at each attempt and never part of an error, a log line or a row.
package notify
