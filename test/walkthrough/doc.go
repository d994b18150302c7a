// Package walkthrough runs docs/walkthrough.md as a reader would, against real servers, and kills the program in the
// middle of large transfers.
package walkthrough
