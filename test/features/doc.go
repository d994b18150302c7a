// Package features holds docs/features.md to the truth: every promised row is there, and the tests that it names exist,
// ran and passed.
package features
