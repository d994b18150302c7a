package sftp

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
)

const noFile = "no file was touched; the login failed, and the next is tried when something changes, or after an hour at the earliest"

// loginReason speaks for a login that failed. Only what the server decided is a refusal, and opens the breaker.
func (h *hop) loginReason(err error) *job.Reason {
	var ours *timeoutError
	switch {
	case errors.As(err, &ours):
		return h.slow(ours)
	case isEnd(err):
		return ended(untouched, err)
	case h.login.cut && !h.refusedLast(methodPassword, methodInteractive, methodKey): // the library took it for the end of our methods
		return h.lostReason(io.ErrUnexpectedEOF)
	}
	h.refused = h.refusal(err)
	return h.refused
}

// closedReason speaks for a line that was closed before the login was decided. Right behind a credential of ours that may be all that
// the server says to a wrong one, so it counts as a refusal: what only retries would find out, a locked account would pay for. It is none
// where the line to a jump host ended, where another session stands that came with the same credentials, and once behind a good login
// with them.
func (h *hop) closedReason(err error) *job.Reason {
	method := h.login.unheard()
	if method == "" || !hungUp(err) || h.before != nil && h.before.line.ended.Load() {
		return h.lostReason(err)
	}
	if h.pool.account(h.account()).stands(h.mark) {
		r := h.lostReason(err)
		r.Cause += ", while another session of this account is open: perhaps it takes no more of them"
		return r
	}
	if len(h.login.creds.passwords) < 2 && h.pool.account(h.account()).excuse(h.mark) {
		r := h.lostReason(err)
		r.Cause += ", right after we sent what it took before: the second time in a row it counts as a refusal"
		return r
	}
	h.refused = h.unanswered(method, err)
	return h.refused
}

func (h *hop) unanswered(method string, err error) *job.Reason {
	if method == methodKey {
		return h.auth("auth.closed", fmt.Sprintf("%s closed the connection right after we offered our key for user %q, and said nothing to it; many servers do that to a key or a user that they do not take, and now and then a line is lost just then",
			address(h.endpoint), h.endpoint.User), fmt.Sprintf("ask the customer whether our key is installed%s and the user is open; then `haulier connections test %s`", h.showKey(), h.connection),
			job.WhoBoth, err)
	}
	return h.auth("auth.closed", fmt.Sprintf("%s closed the connection right after we sent the password of user %q, and said nothing to it; many servers do that for a wrong one%s; now and then a line is lost just then",
		address(h.endpoint), h.endpoint.User, h.passwordsTried()),
		"compare the password with the customer's and ask whether the user is locked; then `haulier connections test "+h.connection+"`", job.WhoBoth, err)
}

func (h *hop) refusal(err error) *job.Reason {
	var prompt *promptError
	state := &h.login.last
	switch {
	case errors.As(err, &prompt) && !prompt.again:
		return h.prompted(prompt)
	case disconnected(err):
		return h.lockedOut(err)
	case unsignable(err):
		return h.noSignature(err)
	case len(state.PartialSuccessMethods) > 0 && !h.refusedLast(methodPassword, methodInteractive, methodKey):
		return h.secondFactor(err)
	case len(h.login.offered) == 0:
		return h.notOffered(err)
	case h.refusedLast(methodPassword, methodInteractive):
		return h.passwordRejected(err)
	}
	return h.keyRejected(err)
}

// refusedLast says whether the last method that we offered is one of those, and was refused.
func (h *hop) refusedLast(methods ...string) bool {
	if len(h.login.offered) == 0 || len(h.login.last.TriedMethods) == 0 {
		return false
	}
	last := h.login.offered[len(h.login.offered)-1]
	return slices.Contains(methods, last) && h.login.last.TriedMethods[len(h.login.last.TriedMethods)-1] == last &&
		!slices.Contains(h.login.last.PartialSuccessMethods, last)
}

func (h *hop) auth(slug, cause, do string, party job.Who, err error) *job.Reason {
	return &job.Reason{Slug: slug, What: noFile, Cause: cause, Do: do, Who: party, Technical: technical(err), Err: err}
}

// notOffered: none of our methods is among the server's.
func (h *hop) notOffered(err error) *job.Reason {
	theirs, ours := h.login.last.AllowedMethods, h.endpoint.Auth.Methods
	cause := fmt.Sprintf("%s accepts %s for user %q; we are set up for %s", address(h.endpoint), list(theirs), h.endpoint.User, list(ours))
	do := fmt.Sprintf("set auth.methods to what the server accepts: %s", list(theirs))
	switch {
	case slices.Contains(theirs, methodKey) && !slices.Contains(ours, methodKey):
		cause += ". This server only takes a key: the password that you were given is probably the passphrase of a key file"
		do = "auth: {methods: [publickey], key_file: {path: …, passphrase: …}}, or make a key for them to install: `haulier keys generate " + h.connection + "`"
	case slices.Contains(theirs, methodPassword) || slices.Contains(theirs, methodInteractive):
		do = "auth: {methods: [password], password: {file: …}}, or ask the customer to take our key"
	}
	return h.auth("auth.method_not_offered", cause, do, job.WhoUs, err)
}

func (h *hop) keyRejected(err error) *job.Reason {
	var keys []string
	for _, k := range h.login.creds.keys {
		keys = append(keys, fmt.Sprintf("%s %s", k.name, ssh.FingerprintSHA256(k.signer.PublicKey())))
	}
	return h.auth("auth.key_rejected",
		fmt.Sprintf("%s takes keys, but not ours for user %q (%s): it is not installed for this user, the user is another one (case matters), or the rights of the files on their side are too wide",
			address(h.endpoint), h.endpoint.User, strings.Join(keys, ", ")),
		fmt.Sprintf("send the customer our public key%s; on OpenSSH: ~/.ssh 700, authorized_keys 600", h.showKey()), job.WhoCustomer, err)
}

// showKey names the command that prints our public key, where the store has it.
func (h *hop) showKey() string {
	if h.endpoint.Auth.Key == "" {
		return ""
	}
	return " (`haulier keys show " + h.endpoint.Auth.Key + "`)"
}

func (h *hop) passwordRejected(err error) *job.Reason {
	cause := fmt.Sprintf("%s refused the password of user %q", address(h.endpoint), h.endpoint.User)
	switch {
	case slices.Contains(h.login.last.PartialSuccessMethods, methodKey):
		cause = fmt.Sprintf("%s took our key and then refused the password of user %q", address(h.endpoint), h.endpoint.User)
	case slices.Contains(h.login.offered, methodKey):
		cause += ", and our key before it"
	}
	cause += h.passwordsTried()
	return h.auth("auth.password_rejected", cause, "get the present password from the customer and set it where auth.password points; compare case and blanks of the user's name",
		job.WhoBoth, err)
}

// passwordsTried says what the configuration knows of the passwords that were refused.
func (h *hop) passwordsTried() string {
	given, all := h.login.password()
	ends := h.endpoint.Auth.Ends(h.pool.opts.Now())
	switch {
	case given > 0:
		return fmt.Sprintf(", both the one until %[1]s and the one from %[1]s on", h.endpoint.Auth.Successor.From.Format(time.DateOnly))
	case given == 0 && !all[0].from.IsZero():
		return fmt.Sprintf(", the one that is valid from %s", all[0].from.Format(time.DateOnly))
	case !ends.IsZero() && ends.Before(h.pool.opts.Now()):
		return fmt.Sprintf("; it ended on %s, as the configuration says", ends.Format(time.DateOnly))
	}
	return ""
}

// secondFactor: what we offered was taken, and the server wants more.
func (h *hop) secondFactor(err error) *job.Reason {
	state := &h.login.last
	return h.auth("auth.second_factor_missing",
		fmt.Sprintf("%s took our %s for user %q, and wants %s as well", address(h.endpoint), list(state.PartialSuccessMethods), h.endpoint.User, list(state.AllowedMethods)),
		"add it to auth.methods, with its secret, for example password: {file: …}", job.WhoUs, err)
}

func (h *hop) prompted(e *promptError) *job.Reason {
	const without = "ask the customer for an account without one-time codes, or with a key"
	switch partly := h.login.last.PartialSuccessMethods; {
	case e.change:
		return h.auth("auth.prompt",
			fmt.Sprintf("%s was given the password of user %q and then asks %q, as servers do that want the password changed, which only a person can do", address(h.endpoint), h.endpoint.User, e.prompt),
			"change the password with the customer, who may see that it does not expire, and set it where auth.password points", job.WhoBoth, e)
	case e.second:
		return h.auth("auth.second_factor_missing",
			fmt.Sprintf("%s was given the password of user %q and then asks %q, which only a person can answer", address(h.endpoint), h.endpoint.User, e.prompt),
			without, job.WhoCustomer, e)
	case len(partly) > 0:
		return h.auth("auth.second_factor_missing",
			fmt.Sprintf("%s took our %s for user %q and then asks %q, which only a person can answer", address(h.endpoint), list(partly), h.endpoint.User, e.prompt),
			without, job.WhoCustomer, e)
	}
	cause := fmt.Sprintf("%s does not ask user %q for a password but %q", address(h.endpoint), h.endpoint.User, e.prompt)
	if e.echoed {
		cause = fmt.Sprintf("%s asks user %q for the password by %q and shows the answer, so that it was not given", address(h.endpoint), h.endpoint.User, e.prompt)
	}
	return h.auth("auth.prompt", cause, "ask the customer for an account that logs in by a key or a password", job.WhoCustomer, e)
}

func (h *hop) lockedOut(err error) *job.Reason {
	return h.auth("auth.locked_out",
		fmt.Sprintf("%s ended the login of user %q: the account is locked, or too many logins were refused before", address(h.endpoint), h.endpoint.User),
		"ask the customer to unlock the account; then `haulier connections test "+h.connection+"`", job.WhoCustomer, err)
}

func (h *hop) noSignature(err error) *job.Reason {
	return h.auth("ssh.no_common_algorithm",
		fmt.Sprintf("%s takes an RSA key only with the old signature ssh-rsa (SHA-1), which is switched off here", address(h.endpoint)),
		"use a key of type ed25519, or `algorithms: {also_allow: [ssh-rsa]}`, which weakens this connection only", job.WhoBoth, err)
}

// disconnected says whether the server said goodbye in the middle of a login. The library keeps the type of that error to
// itself; its text is pinned by a test.
func disconnected(err error) bool { return strings.Contains(err.Error(), "ssh: disconnect, reason ") }

// unsignable says whether there was no signature algorithm for our key. The same goes for its text.
func unsignable(err error) bool {
	return strings.Contains(err.Error(), "no common public key signature algorithm")
}
