// Package slugs holds docs/errors.md together with the sources: every failure that the program can report has its page,
// and no page tells of a failure that does not exist.
package slugs
