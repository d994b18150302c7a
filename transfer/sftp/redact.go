package sftp

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"

	"github.com/haulier/haulier/job"
)

const (
	// leastSecret is the shortest password that is looked for in texts: shorter ones stand in every other word.
	leastSecret = 4
	// leastCore is the shortest piece of base64 that is taken for one of a password.
	leastCore = 6
)

// redact takes our passwords out of a reason: some servers and proxies repeat what they were sent, and a reason goes into
// mails, tickets and logs. A jump host's may come back by what lies behind it.
func (w *way) redact(r *job.Reason) *job.Reason {
	for _, h := range w.hops {
		for _, text := range []*string{&r.What, &r.Cause, &r.Do, &r.Technical} {
			if clean := h.clean(*text); clean != *text { // most reasons hold nothing, and some are others' too
				*text = clean
			}
		}
	}
	return r
}

// clean takes our passwords out of a text, however it was spelled on its way, and cut off at its end.
func (h *hop) clean(text string) string {
	for _, secret := range h.passwords() {
		if len(secret) < leastSecret {
			continue
		}
		text = strings.NewReplacer(spellings(secret)...).Replace(text)
		for n := len(secret) - 1; n >= leastSecret; n-- {
			text = strings.ReplaceAll(text, secret[:n]+"…", "***…") // as printable cuts
		}
	}
	return text
}

// passwords are those that this hop may have sent. A proxy of HTTP is sent user and password as one.
func (h *hop) passwords() []string {
	var all []string
	for _, password := range h.login.creds.passwords {
		all = append(all, string(password.text.Reveal()))
	}
	if h.proxied != nil {
		all = append(all, h.proxied.User+":"+h.proxied.Password, h.proxied.Password)
	}
	return all
}

// spellings are the ways in which programs write a text that they were sent, each with what is put in its place.
func spellings(secret string) []string {
	b := []byte(secret)
	quoted := strconv.Quote(secret)
	all := []string{
		secret, printable(secret), quoted[1 : len(quoted)-1], url.QueryEscape(secret), url.PathEscape(secret),
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
	}
	for before := range 3 {
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			if core := base64Core(alphabet, b, before); len(core) >= leastCore {
				all = append(all, core)
			}
		}
	}
	var pairs []string
	for _, spelling := range all {
		if spelling != "" {
			pairs = append(pairs, spelling, "***")
		}
	}
	return pairs
}

// base64Core is what base64 makes of a text alone, whatever stands around it, when so many bytes of a group come before.
func base64Core(alphabet *base64.Encoding, text []byte, before int) string {
	encoded := alphabet.EncodeToString(append(make([]byte, before), text...))
	if (before+len(text))%3 > 0 {
		encoded = encoded[:len(encoded)-1]
	}
	return encoded[min(len(encoded), (before*8+5)/6):]
}
