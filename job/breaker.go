package job

import "time"

// Breaker keeps an account from being locked out: a refused login opens it, a good one closes it.
type Breaker struct {
	Open   bool
	Reason *Reason   // the refusal that opened it
	Since  time.Time // when it opened
	Until  time.Time // when one login is let through
	Waits  int       // logins let through since it opened: 1 h, 4 h, then daily
	// Mark is a digest of the configuration and of the credentials' versions at the refusal (never of a secret); another
	// mark lets one login through at once.
	Mark string
	// Connection is the one whose login opened or closed it; empty: none. Not kept.
	Connection string
}
