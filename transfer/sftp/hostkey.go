package sftp

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
)

// errHostKey ends a handshake at a key that is not pinned.
var errHostKey = errors.New("the host key is not pinned")

// checkHostKey is asked by the handshake before anything of ours is sent, and again at every change of session keys.
func (h *hop) checkHostKey(_ string, _ net.Addr, key ssh.PublicKey) error {
	found, ok := h.pins.match(key)
	if h.hostKey == nil {
		h.hostKey, h.pinned = key, found
	}
	if !ok {
		h.trace.done(stageSSH, h.clean(h.line.serverVersion()))
		return errHostKey
	}
	return nil
}

// hostKeyReason speaks for a key that is not pinned.
func (h *hop) hostKeyReason() *job.Reason {
	now := h.hostKey.Type() + " " + ssh.FingerprintSHA256(h.hostKey)
	if len(h.pins.list) == 0 {
		return &job.Reason{
			Slug: "host_key.unknown", What: "nothing was sent, not even the login",
			Cause: fmt.Sprintf("first contact with %s, and no host key of it is known; it shows %s", address(h.endpoint), now),
			Do: fmt.Sprintf("compare this fingerprint with the one that the customer gave you, then `haulier connections trust %s`",
				h.connection),
			Who: job.WhoUs, Err: errHostKey,
		}
	}
	r := h.changed(now, fmt.Sprintf("%s now shows %s; pinned is %s. The server was rebuilt, or someone stands in between",
		address(h.endpoint), now, h.pins))
	r.Do = fmt.Sprintf("confirm %s with the customer by phone, then `haulier connections trust %s --fingerprint %[1]s`",
		ssh.FingerprintSHA256(h.hostKey), h.connection)
	if h.pins.exclusive {
		r.Do = fmt.Sprintf("confirm %s with the customer by phone, then write it to host_keys", now)
	}
	h.strange.Key, h.strange.Reason = keyLine(h.hostKey), *r
	return r
}

func (h *hop) changed(shown, cause string) *job.Reason {
	r := &job.Reason{
		Slug: "host_key.changed", What: "nothing was sent, not even the login", Cause: cause,
		Do:  fmt.Sprintf("confirm the new key with the customer by phone, then `haulier connections trust %s`", h.connection),
		Who: job.WhoBoth, Err: errHostKey,
	}
	h.strange = &job.HostKeyChange{Connection: h.connection, Address: h.pins.address, Shown: shown, Reason: *r}
	for _, p := range h.pins.list {
		h.strange.Pinned = append(h.strange.Pinned, p.keyType+" "+p.fingerprint)
	}
	return r
}

// negotiationReason speaks for a server with which no algorithm is shared.
func (h *hop) negotiationReason(e *ssh.AlgorithmNegotiationError) *job.Reason {
	theirs, ours := list(e.RequestedAlgorithms), list(e.SupportedAlgorithms)
	if e.What == "host key" && len(h.pins.list) > 0 && !h.offersPinnedType(e.RequestedAlgorithms) {
		return h.changed(theirs, fmt.Sprintf("%s has no key of the pinned type any more: pinned is %s, it has %s",
			address(h.endpoint), h.pins, theirs))
	}
	do, party := "ask the customer to update the server", job.WhoCustomer
	if name := allowable(e.RequestedAlgorithms); name != "" {
		party = job.WhoBoth
		do += fmt.Sprintf("; until then `algorithms: {also_allow: [%s]}` weakens this connection only", name)
	}
	return &job.Reason{
		Slug: "ssh.no_common_algorithm", What: "nothing was sent, not even the login",
		Cause: fmt.Sprintf("%s and we share no algorithm (%s). Theirs: %s. Ours: %s", address(h.endpoint), printable(e.What), theirs, ours),
		Do:    do, Who: party, Technical: printable(e.Error()), Err: e,
	}
}

// offersPinnedType says whether the server still has a key of a pinned type, though perhaps by a signature that we refuse.
func (h *hop) offersPinnedType(offered []string) bool {
	for _, algorithm := range offered {
		if h.pins.has(typeOf(algorithm)) {
			return true
		}
	}
	return false
}
