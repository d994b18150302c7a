// Package control is what a person or a program may ask of Haulier: run, retry, cancel, pause, resume, test, trust,
// rotate, resolve, reload. One function each, audited, used by the commands and by the daemon's API alike.
//
// It also holds what a run is made of once it is asked for: the session, the keys, the machine of its direction, the
// incidents that it opens or ends.
package control
