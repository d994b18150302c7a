package job

import "time"

// Token is what a program shows instead of a login. Its secret half is not kept anywhere.
type Token struct {
	ID      string // its public half
	Name    string
	Role    string
	Sight   Sight
	By      string // who made it
	Created time.Time
	Expires time.Time
	Used    time.Time // the last time, to the minute; zero: never
	Revoked time.Time // zero: it is not
}
