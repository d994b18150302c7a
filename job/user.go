package job

import "time"

// User is a person with a password of ours.
type User struct {
	Name    string
	Role    string // viewer, operator or admin
	Sight   Sight
	Created time.Time
	Login   time.Time // the last one; zero: none yet
}
