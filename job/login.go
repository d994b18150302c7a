package job

import "time"

// Login is a session of a person in a browser. Role and sight of a local user are those of now, whatever they were at
// the login.
type Login struct {
	Hash  []byte // of the secret that the browser keeps; the secret itself is not kept
	User  string
	From  string // local or oidc
	Role  string
	Sight Sight
	Begun time.Time
	Seen  time.Time // the last request, to the minute

	Address string // where the login came from, for the audit list
}

// Where the role of a login comes from.
const (
	LoginLocal = "local" // a user of the store
	LoginOIDC  = "oidc"  // what the provider said at the login
)
