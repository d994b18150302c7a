package sheet

import (
	"fmt"
	"slices"
	"strings"
)

// encryption says whose key encrypts what, and is left out where neither side encrypts. The blocks of our keys are at the end, so
// that what is to be read is not lost between them.
func (c composer) encryption() (string, []Block) {
	var blocks []Block
	add := func(all ...Block) { blocks = append(blocks, all...) }
	for i, key := range c.Decrypt {
		name := "encrypt.to"
		if i > 0 && slices.Equal(key.For, c.Decrypt[i-1].For) {
			name = "encrypt.or"
		}
		recipient := strings.ReplaceAll(key.Fingerprint, " ", "")
		add(text(c.of(name, key)), text(c.print("encrypt.print", key)), text(c.say("encrypt.how")),
			code(fmt.Sprintf("gpg --import %s.asc\ngpg --encrypt --recipient %s FILE", key.Label, recipient)))
	}
	for _, key := range c.Signers {
		add(text(c.theirs(key, "encrypt.signed", "encrypt.signed.awaited")))
	}
	for _, key := range c.Encrypt {
		add(text(c.theirs(key, "encrypt.theirs", "encrypt.theirs.awaited")))
	}
	if c.lacks() {
		add(text(c.say("encrypt.kind")))
	}
	for _, key := range c.Sign {
		add(text(c.of("encrypt.oursigns", key)), text(c.print("encrypt.print", key)))
	}
	return "encrypt", blocks
}

// lacks says that the customer still has to send a key.
func (c composer) lacks() bool {
	for _, key := range append(append([]PGPKey(nil), c.Signers...), c.Encrypt...) {
		if key.Fingerprint == "" {
			return true
		}
	}
	return false
}

// armored are the blocks of our keys, each once.
func (c composer) armored() (string, []Block) {
	var blocks []Block
	seen := map[string]bool{}
	for _, key := range append(append([]PGPKey(nil), c.Decrypt...), c.Sign...) {
		if key.Armored == "" || seen[key.Fingerprint] {
			continue
		}
		seen[key.Fingerprint] = true
		blocks = append(blocks, text(c.print("encrypt.print", key)), c.file(key.Label+".asc", key.Armored))
	}
	return "keys", blocks
}

// theirs says what a key of the customer's is for: one that we have, or one that they have to send.
func (c composer) theirs(key PGPKey, have, lack string) string {
	if key.Fingerprint == "" {
		return c.of(lack, key)
	}
	return c.of(have, key) + " " + c.print("encrypt.print", key)
}

// of is a sentence on the files that a key is for.
func (c composer) of(name string, key PGPKey) string {
	return strings.ReplaceAll(c.say(name), "{files}", typed(key.For...))
}

func (c composer) print(name string, key PGPKey) string {
	expiry := c.say("encrypt.forever")
	if !key.Expires.IsZero() {
		expiry = c.say("encrypt.expires", "date", c.day(key.Expires))
	}
	return c.say(name, "print", key.Fingerprint, "expiry", expiry)
}
