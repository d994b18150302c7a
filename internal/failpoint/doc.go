// Package failpoint lets a test build die, wait or fail at named moments of its work.
//
// In a build with the tag failpoints the variable HAULIER_FAILPOINTS says what happens where, as a list of NAME=ACTION, one
// of kill, panic, err, sleep:DURATION and note, with @N for the N-th time only; the name * is any that is not named:
//
//	HAULIER_FAILPOINTS='C11=kill@3,X6.before=sleep:2s,*=note'
//
// Each time that an action is taken, its name is appended to the file HAULIER_FAILPOINTS_LOG, so that a campaign can tell a
// moment that was survived from one that never came. A process that ends by itself writes its
// peak of memory, and the goroutines and open files that it has not given back, into HAULIER_FAILPOINTS_REST. Every other build holds nothing of this.
package failpoint
