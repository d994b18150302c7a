// Package messages holds the failures that people meet to their words: each is produced by a real situation with the
// built program, and read as text and as JSON.
package messages
