package sftp

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
)

// pin is a host key that was accepted, or its fingerprint.
type pin struct {
	keyType     string
	fingerprint string // SHA256:…
	added       time.Time
}

// pins are what is accepted of one server.
type pins struct {
	address   string // [host]:port
	list      []pin
	exclusive bool // they stand in the YAML: nothing is added to them
}

// pinAddress names a server in the store.
func pinAddress(e job.Endpoint) string { return fmt.Sprintf("[%s]:%d", e.Host, e.Port) }

// pinsOf gives the pins of the YAML if there are any, else those of the store.
func (p *Pool) pinsOf(ctx context.Context, e job.Endpoint) (pins, error) {
	found := pins{address: pinAddress(e), exclusive: len(e.HostKeys) > 0}
	for _, line := range e.HostKeys {
		one, err := parsePin(line)
		if err != nil {
			return found, badPin(found.address, line, err)
		}
		found.list = append(found.list, one)
	}
	if found.exclusive {
		return found, nil
	}
	stored, err := p.opts.Store.Pins(ctx, found.address)
	if err != nil {
		return found, storeReason("read the pinned host keys of "+found.address, err)
	}
	for _, s := range stored {
		one, err := parsePin(s.Key)
		if err != nil {
			return found, badPin(found.address, s.Key, err)
		}
		one.added = s.Added
		found.list = append(found.list, one)
	}
	return found, nil
}

// CheckPin says what is wrong with a line that is to be a pin.
func CheckPin(line string) error {
	_, err := parsePin(line)
	return err
}

// parsePin reads "TYPE BASE64 [comment]" or "TYPE SHA256:…".
func parsePin(text string) (pin, error) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return pin{}, fmt.Errorf("it needs a type and a key, or a type and a fingerprint")
	}
	keyType := typeOf(fields[0])
	if hash, ok := strings.CutPrefix(fields[1], "SHA256:"); ok {
		hash = strings.TrimRight(hash, "=")
		if raw, err := base64.RawStdEncoding.DecodeString(hash); err != nil || len(raw) != 32 {
			return pin{}, fmt.Errorf("its fingerprint is not the 43 characters of a SHA256")
		}
		return pin{keyType: keyType, fingerprint: "SHA256:" + hash}, nil
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return pin{}, fmt.Errorf("its key is not base64: %w", err)
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return pin{}, err
	}
	if key.Type() != keyType {
		return pin{}, fmt.Errorf("its key is of type %s, not %s", key.Type(), fields[0])
	}
	return pin{keyType: keyType, fingerprint: ssh.FingerprintSHA256(key)}, nil
}

// match gives the pin of a key.
func (p pins) match(key ssh.PublicKey) (pin, bool) {
	fingerprint := ssh.FingerprintSHA256(key)
	for _, one := range p.list {
		if one.fingerprint == fingerprint && one.keyType == key.Type() {
			return one, true
		}
	}
	return pin{}, false
}

// algorithms asks the server for the types that are pinned, and for no other: a server shows only one of its keys.
func (p pins) algorithms(alsoAllow []string) []string {
	if len(p.list) == 0 {
		return allHostKeyAlgorithms(alsoAllow)
	}
	var list []string
	for _, t := range append(slices.Clone(hostKeyTypes), p.otherTypes()...) {
		if p.has(t) {
			list = append(list, hostKeyAlgorithms(t, alsoAllow)...)
		}
	}
	return list
}

func (p pins) has(keyType string) bool {
	return slices.ContainsFunc(p.list, func(one pin) bool { return one.keyType == keyType })
}

// otherTypes are pinned types beyond the usual ones.
func (p pins) otherTypes() []string {
	var list []string
	for _, one := range p.list {
		if !slices.Contains(hostKeyTypes, one.keyType) && !slices.Contains(list, one.keyType) {
			list = append(list, one.keyType)
		}
	}
	return list
}

// String lists the pins for people.
func (p pins) String() string {
	var list []string
	for _, one := range p.list {
		text := one.keyType + " " + one.fingerprint
		if !one.added.IsZero() {
			text += " (of " + one.added.UTC().Format(time.DateOnly) + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// keyLine is a host key as pins hold it: type and base64.
func keyLine(key ssh.PublicKey) string {
	return key.Type() + " " + base64.StdEncoding.EncodeToString(key.Marshal())
}
