// Package power is a disk that forgets, when its power is lost, what nobody has asked it to keep.
//
// It is mounted by FUSE and lies in memory. The bytes of a file are kept by an fsync of it; names are kept by an fsync of
// their folder, and with them, as in the journal of ext4 or XFS, every change of a name before. What was not kept may be
// there after a loss, or not: names up to a moment that chance chooses, bytes page by page.
package power
