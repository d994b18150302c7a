package sftp

import (
	"strings"

	"github.com/haulier/haulier/job"
)

// leastSecret is the shortest password that is looked for in texts: shorter ones stand in every other word.
const leastSecret = 4

// redact takes our password out of a reason: some servers repeat what they were sent, and a reason goes into mails, tickets
// and logs.
func (h *hop) redact(r *job.Reason) *job.Reason {
	password := string(h.login.creds.password.Reveal())
	if len(password) < leastSecret {
		return r
	}
	seen := strings.NewReplacer(password, "***", printable(password), "***")
	for _, text := range []*string{&r.What, &r.Cause, &r.Do, &r.Technical} {
		if clean := seen.Replace(*text); clean != *text { // most reasons hold nothing, and some are others' too
			*text = clean
		}
	}
	return r
}
