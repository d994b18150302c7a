package sftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
)

const (
	announceHostKeys = "hostkeys-00@openssh.com"
	proveHostKeys    = "hostkeys-prove-00@openssh.com"

	mostAnnounced = 16       // keys of one announcement
	mostKeyBytes  = 16 << 10 // of one announcement
	proofWait     = 2 * time.Second
)

// announced takes a server's list of all its host keys, which comes after the login and so under a pinned key. Those
// that are not pinned yet are pinned when the server proves that it holds them: the customer's next change of host keys
// then stops nothing.
func (h *hop) announced(conn ssh.Conn, payload []byte) {
	fresh := h.freshKeys(payload)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(fresh) == 0 || h.proof != nil { // one announcement a session is enough
		return
	}
	h.proof = make(chan struct{})
	go func(done chan<- struct{}) {
		defer close(done)
		if err := h.prove(conn, fresh); err != nil {
			h.pool.opts.Log.Warn("the server announced host keys and did not prove them", "host", address(h.endpoint),
				"error", printable(err.Error()))
		}
	}(h.proof)
}

// proven waits for a proof under way; it ends with the connection at the latest.
func (h *hop) proven() {
	h.mu.Lock()
	proof := h.proof
	h.mu.Unlock()
	if proof != nil {
		<-proof
	}
}

// freshKeys are the announced keys that are not pinned and are of a type we use.
func (h *hop) freshKeys(payload []byte) []ssh.PublicKey {
	var fresh []ssh.PublicKey
	if len(payload) > mostKeyBytes {
		return nil
	}
	for range mostAnnounced {
		blob, rest, ok := cutString(payload)
		if !ok {
			break
		}
		payload = rest
		key, err := ssh.ParsePublicKey(blob)
		if err != nil {
			continue
		}
		if _, known := h.pins.match(key); !known && usableType(key.Type()) {
			fresh = append(fresh, key)
		}
	}
	return fresh
}

func usableType(keyType string) bool {
	for _, t := range hostKeyTypes {
		if t == keyType {
			return true
		}
	}
	return false
}

// prove asks for a signature by each key over this very session.
func (h *hop) prove(conn ssh.Conn, keys []ssh.PublicKey) error {
	var request []byte
	for _, key := range keys {
		request = appendString(request, key.Marshal())
	}
	ok, reply, err := conn.SendRequest(proveHostKeys, true, request)
	if err != nil {
		return err
	}
	if !ok {
		return errors.New("the proof was refused")
	}
	for _, key := range keys {
		blob, rest, ok := cutString(reply)
		if !ok {
			return errors.New("the proof is too short")
		}
		reply = rest
		if err := verifyProof(conn.SessionID(), key, blob); err != nil {
			return err
		}
	}
	return h.addPins(keys)
}

// verifyProof checks one signature. An RSA key may prove itself by SHA-1 here: OpenSSH does so for clients that did not
// say more, and what is signed is bound to a session that a pinned key has authenticated.
func verifyProof(session []byte, key ssh.PublicKey, blob []byte) error {
	var signature ssh.Signature
	if err := ssh.Unmarshal(blob, &signature); err != nil {
		return err
	}
	data := appendString(nil, []byte(proveHostKeys))
	data = appendString(data, session)
	data = appendString(data, key.Marshal())
	return key.Verify(data, &signature)
}

func (h *hop) addPins(keys []ssh.PublicKey) error {
	ctx, cancel := context.WithTimeout(context.Background(), proofWait)
	defer cancel()
	for _, key := range keys {
		err := h.pool.opts.Store.AddPin(ctx, job.Pin{
			Address: h.pins.address, Key: keyLine(key), Added: h.pool.opts.Now(), By: "hostkeys-00", Why: "rotation",
		})
		if err != nil {
			return err
		}
		h.pool.opts.Log.Info("pinned a further host key that the server proved", "host", address(h.endpoint),
			"type", key.Type(), "fingerprint", ssh.FingerprintSHA256(key))
	}
	return nil
}

func cutString(b []byte) (field, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return bytes.Clone(b[4 : 4+n]), b[4+n:], true
}

func appendString(b, field []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
	return append(b, field...)
}
