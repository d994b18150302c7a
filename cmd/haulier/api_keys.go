package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/web"
)

// apiKeys give the public parts of keys to the API.
type apiKeys struct{ *control.Daemon }

func (k apiKeys) SSHKeys(ctx context.Context, sight job.Sight, after string, limit int) (list []web.SSHKey, next string, err error) {
	keys, next, err := k.part(ctx, sight, after, limit, job.KeySSH)
	for _, key := range keys {
		list = append(list, web.SSHKey{KeyMade: key.made, AuthorizedKeys: strings.TrimSpace(key.Public)})
	}
	return list, next, err
}

func (k apiKeys) PGPKeys(ctx context.Context, sight job.Sight, after string, limit int) (list []web.PGPKey, next string, err error) {
	keys, next, err := k.part(ctx, sight, after, limit, job.KeyPGP, job.KeyPGPPublic)
	for _, key := range keys {
		list = append(list, web.PGPKey{
			KeyMade: key.made, Ours: key.Kind == job.KeyPGP, UserIDs: pgp.UserIDs(key.Public), KeyIDs: append([]string{}, key.KeyIDs...), Expires: key.Expires.UTC(), Armored: key.Public,
		})
	}
	return list, next, err
}

// keyPart is a key, and what all keys are told with.
type keyPart struct {
	job.Key
	made web.KeyMade
}

// part gives the keys of some kinds that somebody sees, behind one of them, in the order of the kinds, names and versions.
func (k apiKeys) part(ctx context.Context, sight job.Sight, after string, limit int, kinds ...job.KeyKind) (list []keyPart, next string, err error) {
	from, err := cursorOf(after, kinds)
	if err != nil {
		return nil, "", err
	}
	cfg := k.Config()
	uses, now := control.KeyUses(cfg), time.Now()
	for i, kind := range kinds {
		keys, err := k.Store.Keys(ctx, kind, "")
		if err != nil {
			return nil, "", err
		}
		for _, key := range keys {
			at := keyCursor{i, key.Name, key.Version}
			users := usersSeen(cfg.Connections, uses[kind][key.Name], sight)
			if at.compare(from) <= 0 || len(users) == 0 && !sight.Whole() {
				continue
			}
			if len(list) == limit {
				return list, next, nil
			}
			next = fmt.Sprintf("%s/%s@%d", kind, key.Name, key.Version)
			list = append(list, keyPart{key, web.KeyMade{
				Name: key.Name, Version: key.Version, Type: key.Algorithm, Slot: key.Slot, Fingerprint: key.Fingerprint, Created: key.Created.UTC(), LastUsed: key.LastUsed.UTC(),
				AgeDays: int(now.Sub(key.Created) / (24 * time.Hour)), Origin: key.Origin, Connections: users,
			}})
		}
	}
	return list, "", nil
}

// keyCursor is a place in a list of keys.
type keyCursor struct {
	kind    int
	name    string
	version int
}

func (c keyCursor) compare(o keyCursor) int {
	return cmp.Or(cmp.Compare(c.kind, o.kind), strings.Compare(c.name, o.name), cmp.Compare(c.version, o.version))
}

// cursorOf reads KIND/NAME@VERSION; nothing is before all keys.
func cursorOf(text string, kinds []job.KeyKind) (keyCursor, error) {
	if text == "" {
		return keyCursor{}, nil
	}
	kind, rest, _ := strings.Cut(text, "/")
	name, number, _ := strings.Cut(rest, "@")
	version, err := strconv.Atoi(number)
	at := slices.Index(kinds, job.KeyKind(kind))
	if err != nil || at < 0 {
		return keyCursor{}, &job.Reason{
			Slug: "api.bad_request", What: "nothing was shown", Cause: "after is not the next of a part before", Do: "leave it out, to begin anew", Who: job.WhoUs,
		}
	}
	return keyCursor{at, name, version}, nil
}

// usersSeen are the connections of a list that somebody sees.
func usersSeen(connections map[string]job.Connection, names []string, sight job.Sight) []string {
	seen := []string{}
	for _, name := range names {
		if sight.Sees(connections[name].Entity) {
			seen = append(seen, name)
		}
	}
	return seen
}
