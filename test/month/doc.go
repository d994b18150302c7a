// Package month lets forty jobs live for a month, hour by hour on a clock of its own, and compares every message that people were
// sent with a list that was written by hand: none is missing, none is more, none comes twice.
package month
