package web

import (
	"context"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// KeyRing gives the public parts of keys: those that the connections that somebody sees work with. Parts begin behind a
// name@version.
type KeyRing interface {
	SSHKeys(ctx context.Context, sight job.Sight, after string, limit int) (keys []SSHKey, next string, err error)
	PGPKeys(ctx context.Context, sight job.Sight, after string, limit int) (keys []PGPKey, next string, err error)
}

// KeyMade is what all keys have: what it is called, and how old it is.
type KeyMade struct {
	Name        string      `json:"name"`
	Version     int         `json:"version"`
	Type        string      `json:"type"` // ed25519, rsa-3072, x25519 …
	Slot        job.KeySlot `json:"slot"` // next, current, grace or retired
	Fingerprint string      `json:"fingerprint"`
	Created     time.Time   `json:"created"`
	AgeDays     int         `json:"age_days"`
	LastUsed    time.Time   `json:"last_used,omitzero"`
	Origin      string      `json:"origin"`      // generated or imported
	Connections []string    `json:"connections"` // that work with it
}

// SSHKey is a login key of ours.
type SSHKey struct {
	KeyMade
	AuthorizedKeys string `json:"authorized_keys"` // the line for the customer's server
}

// PGPKey is one of ours, or a customer's.
type PGPKey struct {
	KeyMade
	Ours    bool      `json:"ours"`
	UserIDs []string  `json:"user_ids"`
	KeyIDs  []string  `json:"key_ids"` // primary and subkeys
	Expires time.Time `json:"expires,omitzero"`
	Armored string    `json:"armored"` // the public key
}

// SSHKeyList is a part of the login keys.
type SSHKeyList struct {
	Keys []SSHKey `json:"keys"`
	Next string   `json:"next,omitempty"` // as after
}

// PGPKeyList is a part of the PGP keys.
type PGPKeyList struct {
	Keys []PGPKey `json:"keys"`
	Next string   `json:"next,omitempty"`
}

func (a *api) sshKeys(r *http.Request) (any, error) {
	return listed(r, a.Keys.SSHKeys, func(keys []SSHKey, next string) any { return SSHKeyList{keys, next} })
}

func (a *api) pgpKeys(r *http.Request) (any, error) {
	return listed(r, a.Keys.PGPKeys, func(keys []PGPKey, next string) any { return PGPKeyList{keys, next} })
}

// listed answers a part of a list whose parts begin behind a name.
func listed[T any](r *http.Request, of func(context.Context, job.Sight, string, int) ([]T, string, error), in func([]T, string) any) (any, error) {
	q := asking{values: r.URL.Query()}
	after, limit := q.text("after"), q.limit()
	if q.err != nil {
		return nil, q.err
	}
	list, next, err := of(r.Context(), route.Of(r.Context()).Sight, after, limit)
	return in(append([]T{}, list...), next), err
}
