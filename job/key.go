package job

import "time"

// KeySlot is the place of a key in its rotation.
type KeySlot string

// The slots. An SSH key is next until a server has taken it, then current; a PGP key that was replaced stays in grace
// until it is retired: ours still opens files, and a customer's still counts for signatures.
const (
	SlotNext    KeySlot = "next"
	SlotCurrent KeySlot = "current"
	SlotGrace   KeySlot = "grace"
	SlotRetired KeySlot = "retired"
)

// Key is what may be known of an SSH or PGP key of ours or of a customer's PGP key: everything but the private part.
type Key struct {
	Name        string    `json:"name"`
	Version     int       `json:"version"` // name@version
	Kind        KeyKind   `json:"kind"`
	Algorithm   string    `json:"algorithm"` // ed25519, rsa-3072, x25519 …
	Slot        KeySlot   `json:"slot"`
	Public      string    `json:"public"`            // OpenSSH line or armored PGP block
	Fingerprint string    `json:"fingerprint"`       // SHA256:… or 40 hex digits
	KeyIDs      []string  `json:"key_ids,omitempty"` // PGP: primary and subkeys, 16 hex digits
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires,omitzero"`
	LastUsed    time.Time `json:"last_used,omitzero"`
	Origin      string    `json:"origin"` // generated or imported
}

// KeyKind is what a key is for.
type KeyKind string

// The kinds of keys.
const (
	KeySSH       KeyKind = "ssh"        // ours, for logins
	KeyPGP       KeyKind = "pgp"        // ours, for decrypting and signing
	KeyPGPPublic KeyKind = "pgp-public" // a customer's
)

// HostKeyChange is a host key, of a server of a connection, that is none of the pinned ones.
type HostKeyChange struct {
	Connection string
	Address    string   // [host]:port
	Key        string   // as a pin has it; empty: it has none of a pinned type
	Shown      string   // type and fingerprint, or the types that it has
	Pinned     []string // type and fingerprint
	Reason     Reason
}

// Pin is a host key that a person or a proven rotation accepted for [host]:port.
type Pin struct {
	Address string    `json:"address"` // [host]:port
	Key     string    `json:"key"`     // type and base64
	Added   time.Time `json:"added"`
	By      string    `json:"by"`  // user, or "hostkeys-00"
	Why     string    `json:"why"` // trust, rotation
}
