package sftptest

import (
	"crypto/rand"
	"slices"

	"golang.org/x/crypto/ssh"
)

// The global requests by which a server tells of its other host keys and proves that it has them.
const (
	hostKeysAnnounce = "hostkeys-00@openssh.com"
	hostKeysProve    = "hostkeys-prove-00@openssh.com"
)

// announceHostKeys tells the client of all host keys, if there are extra ones.
func (c *connection) announceHostKeys() {
	extra := c.server.current().ExtraHostKeys
	if len(extra) == 0 {
		return
	}
	var payload []byte
	for _, key := range slices.Concat(c.server.keys(), extra) {
		payload = append(payload, ssh.Marshal(struct{ Key []byte }{key.PublicKey().Marshal()})...)
	}
	_, _, _ = c.ssh.SendRequest(hostKeysAnnounce, false, payload)
}

// globalRequests answers requests for proofs of host keys, and all others as OpenSSH does those that it does not know.
func (c *connection) globalRequests(requests <-chan *ssh.Request) {
	for request := range requests {
		knobs := c.server.current()
		if knobs.IgnoreKeepalives || knobs.KeepaliveDelay > 0 {
			c.server.struck.Add(1)
		}
		if knobs.IgnoreKeepalives || !request.WantReply {
			continue
		}
		if knobs.KeepaliveDelay > 0 && !c.server.sleep(knobs.KeepaliveDelay) {
			return
		}
		if request.Type != hostKeysProve {
			_ = request.Reply(false, nil)
			continue
		}
		proofs, ok := c.prove(request.Payload, knobs)
		_ = request.Reply(ok, proofs)
	}
}

// prove signs the session with every host key that the client asks about.
func (c *connection) prove(payload []byte, knobs Knobs) ([]byte, bool) {
	var proofs []byte
	for len(payload) > 0 {
		var asked struct {
			Key  []byte
			Rest []byte `ssh:"rest"`
		}
		if ssh.Unmarshal(payload, &asked) != nil {
			return nil, false
		}
		payload = asked.Rest
		signed := ssh.Marshal(struct {
			Name         string
			Session, Key []byte
		}{hostKeysProve, c.ssh.SessionID(), asked.Key})
		if knobs.BadProofs {
			signed = append(signed, 0)
		}
		signature := sign(slices.Concat(c.server.keys(), knobs.ExtraHostKeys), asked.Key, signed)
		if signature == nil {
			return nil, false
		}
		proofs = append(proofs, ssh.Marshal(struct{ Signature []byte }{ssh.Marshal(signature)})...)
	}
	return proofs, true
}

// sign signs with the one of keys whose public part is wanted; nil if there is none.
func sign(keys []ssh.Signer, public, data []byte) *ssh.Signature {
	for _, key := range keys {
		if string(key.PublicKey().Marshal()) != string(public) {
			continue
		}
		var signature *ssh.Signature
		var err error
		if signer, ok := key.(ssh.AlgorithmSigner); ok && key.PublicKey().Type() == ssh.KeyAlgoRSA {
			signature, err = signer.SignWithAlgorithm(rand.Reader, data, ssh.KeyAlgoRSASHA512)
		} else {
			signature, err = key.Sign(rand.Reader, data)
		}
		if err == nil {
			return signature
		}
	}
	return nil
}
