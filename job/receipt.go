package job

import "time"

// Session is what is worth keeping of the SSH session that carried a file.
type Session struct {
	Server    string `json:"server"`         // version string, printable
	HostKey   string `json:"host_key"`       // fingerprint, SHA256:…
	Method    string `json:"auth_method"`    // RFC 4252 name; several are joined by "+"
	Key       string `json:"auth_key"`       // name@version of the key that was taken; empty: none
	Algorithm string `json:"algorithm"`      // key exchange and cipher
	From      string `json:"from,omitempty"` // local address
}

// Receipt proves a delivery, or says how far the proof goes.
type Receipt struct {
	File      int64       `json:"file"`
	Run       int64       `json:"run"`
	Job       string      `json:"job"`
	Source    string      `json:"source"`
	Remote    string      `json:"remote"`
	Plain     Digest      `json:"plain"` // as collected from the outbox
	Sent      Digest      `json:"sent"`  // as on the wire
	Proof     Proof       `json:"proof"`
	Means     RenameMeans `json:"rename,omitempty"` // how the final name came about; empty: written in place
	Session   Session     `json:"session"`
	Began     time.Time   `json:"began"`
	Delivered time.Time   `json:"delivered"`
}
