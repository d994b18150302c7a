// Package rows shows promised features from end to end: the program as it is built, or its parts plugged together as the
// program does it, against servers that answer on loopback.
package rows
