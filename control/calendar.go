package control

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// CredentialBook is what the calendar reads.
type CredentialBook interface {
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	Pins(ctx context.Context, address string) ([]job.Pin, error)
	HostKeys(ctx context.Context, since time.Time) ([]store.HostKeySeen, error)
	Tokens(ctx context.Context) ([]job.Token, error)
}

const (
	// sshKeyAge is how old a login key may become before the calendar advises another.
	sshKeyAge = 365 * 24 * time.Hour
	// lately is how long the calendar tells of what happened.
	lately = 90 * 24 * time.Hour
	// nextWaits is how long a new key may wait for the customer before the calendar reminds of it.
	nextWaits = 7 * 24 * time.Hour
)

// Calendar is the list of everything about credentials that has a date, soonest first.
func Calendar(ctx context.Context, book CredentialBook, cfg *config.Config, now time.Time) ([]job.CalendarEntry, error) {
	c := calendar{ctx: ctx, book: book, cfg: cfg, now: now, uses: usesOf(cfg), entries: []job.CalendarEntry{}}
	c.passwords()
	for _, fill := range []func() error{c.sshKeys, c.pgpKeys, c.hostKeys, c.tokens} {
		if err := fill(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(c.entries, func(a, b job.CalendarEntry) int {
		return cmp.Or(a.Date.Compare(b.Date), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Name, b.Name))
	})
	return c.entries, nil
}

type calendar struct {
	ctx     context.Context
	book    CredentialBook
	cfg     *config.Config
	now     time.Time
	uses    map[string][]string // connections by KIND/NAME
	entries []job.CalendarEntry
}

func (c *calendar) add(e job.CalendarEntry) {
	e.Date, e.Days, e.Connections = e.Date.UTC(), daysUntil(e.Date, c.now), c.uses[e.Kind+"/"+e.Name]
	if e.Connections == nil {
		e.Connections = []string{}
	}
	c.entries = append(c.entries, e)
}

// daysUntil counts days that have begun: in an hour is in one day, an hour ago is today.
func daysUntil(at, now time.Time) int {
	left := at.Sub(now)
	days := int(left / (24 * time.Hour))
	if left > 0 && left%(24*time.Hour) != 0 {
		days++
	}
	return days
}

// KeyUses tells which connections work with a key, by kind and name; those that are disabled do not.
func KeyUses(cfg *config.Config) map[job.KeyKind]map[string][]string {
	of := map[job.KeyKind]map[string][]string{job.KeySSH: {}, job.KeyPGP: {}, job.KeyPGPPublic: {}}
	for credential, connections := range usesOf(cfg) {
		kind, name, _ := strings.Cut(credential, "/")
		if names := of[job.KeyKind(kind)]; names != nil {
			names[name] = connections
		}
	}
	return of
}

// usesOf tells which connections work with a credential; those that are disabled do not.
func usesOf(cfg *config.Config) map[string][]string {
	uses := map[string][]string{}
	use := func(connection, kind string, names ...string) {
		for _, name := range names {
			of := kind + "/" + name
			if name != "" && !slices.Contains(uses[of], connection) {
				uses[of] = append(uses[of], connection)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Connections)) {
		con := cfg.Connections[name]
		if !con.Enabled {
			continue
		}
		use(name, string(job.KeySSH), con.Auth.Key)
		use(name, job.KindPassword, name)
		use(name, job.KindHostKey, pinAddress(con.Endpoint))
		for _, hop := range con.Jump {
			use(name, string(job.KeySSH), hop.Auth.Key)
			use(name, job.KindPassword, hop.Name)
			use(name, job.KindHostKey, pinAddress(hop.Endpoint))
		}
	}
	for _, spec := range cfg.Jobs {
		if con := cfg.Connections[spec.Connection]; !con.Enabled {
			continue
		}
		if spec.Import != nil && spec.Import.Opening != nil {
			use(spec.Connection, string(job.KeyPGP), spec.Import.Opening.DecryptWith...)
			use(spec.Connection, string(job.KeyPGPPublic), spec.Import.Opening.SignedBy...)
		}
		if spec.Export != nil && spec.Export.Sealing != nil {
			use(spec.Connection, string(job.KeyPGP), spec.Export.Sealing.SignWith)
			use(spec.Connection, string(job.KeyPGPPublic), spec.Export.Sealing.EncryptTo...)
		}
	}
	return uses
}

func pinAddress(e job.Endpoint) string { return fmt.Sprintf("[%s]:%d", e.Host, e.Port) }

// changeOf is the day on which a password follows another. Behind it the configuration should no longer have the old one.
func changeOf(name string, s *job.Successor, now time.Time) job.CalendarEntry {
	e := job.CalendarEntry{Kind: job.KindPassword, Name: name, Says: job.EntryNote, Date: s.From, What: "the password of " + name + " changes to the one that follows"}
	if now.After(s.From.AddDate(0, 0, 2)) {
		e.Says, e.What = job.EntryWaits, "the password of "+name+" has changed"
		e.Do = "make the one that follows the password: auth.password in place of auth.successor, and expires_at; then haulier reload"
	}
	return e
}

func (c *calendar) passwords() {
	seen := map[string]bool{}
	one := func(name string, auth job.Auth) {
		if auth.Expires.IsZero() && auth.Successor == nil || seen[name] || c.uses[job.KindPassword+"/"+name] == nil {
			return
		}
		seen[name] = true
		if s := auth.Successor; s != nil {
			c.add(changeOf(name, s, c.now))
		}
		if ends := auth.Ends(c.now); !ends.IsZero() {
			c.add(job.CalendarEntry{
				Kind: job.KindPassword, Name: name, Says: job.EntryEnds, Date: ends, What: "the password of " + name,
				Do: "ask for a new one and for its day, store it, and say so: auth.successor with valid_from, then haulier reload; or put it where the configuration says and set expires_at anew",
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.cfg.Connections)) {
		con := c.cfg.Connections[name]
		one(name, con.Auth)
		for _, hop := range con.Jump {
			one(hop.Name, hop.Auth)
		}
	}
}

func (c *calendar) sshKeys() error {
	keys, err := c.book.Keys(c.ctx, job.KeySSH, "")
	for _, k := range keys {
		switch {
		case k.Slot == job.SlotCurrent && c.uses["ssh/"+k.Name] != nil:
			c.add(job.CalendarEntry{
				Kind: string(k.Kind), Name: k.Name, Version: k.Version, Says: job.EntryAge, Date: k.Created.Add(sshKeyAge),
				What: "login key " + labelOf(k) + " is a year old then", Do: "haulier keys rotate " + k.Name,
			})
		case k.Slot == job.SlotNext && c.now.Sub(k.Created) >= nextWaits:
			c.add(job.CalendarEntry{
				Kind: string(k.Kind), Name: k.Name, Version: k.Version, Says: job.EntryWaits, Date: k.Created,
				What: "login key " + labelOf(k) + " was made, and no server has taken it yet", Do: "ask the customer to install it: haulier keys show " + k.Name,
			})
		}
	}
	return err
}

func (c *calendar) pgpKeys() error {
	for _, kind := range []job.KeyKind{job.KeyPGP, job.KeyPGPPublic} {
		keys, err := c.book.Keys(c.ctx, kind, "")
		if err != nil {
			return err
		}
		for i, k := range keys {
			switch {
			case k.Slot == job.SlotCurrent && !k.Expires.IsZero() && !renewed(k, keys):
				c.add(endOfPGP(k))
			case k.Slot == job.SlotGrace && kind == job.KeyPGP && stillUsed(k, keys[i:]) && c.now.Sub(k.LastUsed) <= lately:
				c.add(job.CalendarEntry{
					Kind: string(kind), Name: k.Name, Version: k.Version, Says: job.EntryNote, Date: k.LastUsed,
					What: "the customer still encrypts to " + labelOf(k) + ", which was replaced", Do: "send the new one: haulier pgp show " + k.Name,
				})
			}
		}
	}
	return nil
}

// renewed says whether a version that takes over is there already, and lasts longer.
func renewed(k job.Key, keys []job.Key) bool {
	return slices.ContainsFunc(keys, func(o job.Key) bool {
		return o.Name == k.Name && o.Slot == job.SlotNext && (o.Expires.IsZero() || o.Expires.After(k.Expires))
	})
}

// stillUsed says whether a key was used after the one that took its place was made.
func stillUsed(k job.Key, from []job.Key) bool {
	return slices.ContainsFunc(from, func(o job.Key) bool {
		return o.Name == k.Name && o.Version > k.Version && k.LastUsed.After(o.Created)
	})
}

func endOfPGP(k job.Key) job.CalendarEntry {
	e := job.CalendarEntry{Kind: string(k.Kind), Name: k.Name, Version: k.Version, Says: job.EntryEnds, Date: k.Expires}
	if k.Kind == job.KeyPGP {
		e.What, e.Do = "our PGP key "+labelOf(k), "haulier pgp rotate "+k.Name+", and send the customers the new one"
	} else {
		e.What, e.Do = "the customer's PGP key "+labelOf(k), fmt.Sprintf("ask for the renewed key, and haulier pgp import %s FILE --replace", k.Name)
	}
	return e
}

// hostKeys tells of what servers showed lately that they had not shown before, and of pins that they have not shown for long.
func (c *calendar) hostKeys() error {
	pins, err := c.book.Pins(c.ctx, "")
	if err != nil {
		return err
	}
	seen, err := c.book.HostKeys(c.ctx, c.now.Add(-lately))
	last, alive := map[[2]string]time.Time{}, map[string]time.Time{}
	for _, k := range seen {
		last[[2]string{k.Address, k.Key}] = k.Last
		if k.Last.After(alive[k.Address]) {
			alive[k.Address] = k.Last
		}
		pinned := slices.ContainsFunc(pins, func(p job.Pin) bool { return p.Address == k.Address && p.Key == k.Key })
		if !pinned && c.uses[job.KindHostKey+"/"+k.Address] != nil {
			c.add(job.CalendarEntry{Kind: job.KindHostKey, Name: k.Address, Says: job.EntryNote, Date: k.First, What: k.Address + " showed another host key: " + shortKey(k.Key)})
		}
	}
	for _, p := range pins {
		if c.uses[job.KindHostKey+"/"+p.Address] == nil {
			continue
		}
		if c.now.Sub(p.Added) <= lately {
			c.add(job.CalendarEntry{Kind: job.KindHostKey, Name: p.Address, Says: job.EntryNote, Date: p.Added, What: fmt.Sprintf("host key pinned (%s, by %s): %s", p.Why, p.By, shortKey(p.Key))})
		}
		was := last[[2]string{p.Address, p.Key}]
		if !was.IsZero() && alive[p.Address].Sub(was) > lately {
			c.add(job.CalendarEntry{
				Kind: job.KindHostKey, Name: p.Address, Says: job.EntryNote, Date: was, What: p.Address + " showed its pinned key for the last time: " + shortKey(p.Key),
			})
		}
	}
	return err
}

// shortKey is as much of a host key as tells it from others.
func shortKey(key string) string {
	kind, body, _ := strings.Cut(key, " ")
	if len(body) > 16 {
		body = "…" + body[len(body)-16:]
	}
	return kind + " " + body
}

func (c *calendar) tokens() error {
	tokens, err := c.book.Tokens(c.ctx)
	for _, t := range tokens {
		if t.Revoked.IsZero() && !t.Expires.IsZero() {
			c.add(job.CalendarEntry{
				Kind: job.KindToken, Name: t.Name, Says: job.EntryEnds, Date: t.Expires, What: "the API token " + t.Name, Do: doAboutToken(t, c.now),
			})
		}
	}
	return err
}

// doAboutToken says how a token is replaced, and what ends the alert of it: no other name tells that it took the place of this one.
func doAboutToken(t job.Token, now time.Time) string {
	revoke := "`haulier tokens revoke " + t.Name + "`"
	if now.Before(t.Expires) {
		return "make another of another name (`haulier tokens create`), give it to whoever uses this one, then end this one: " + revoke
	}
	return "make another of the same name (`haulier tokens create " + t.Name + "`), which takes its place; or, if nobody needs it, end it: " + revoke
}

// Seen narrows a calendar to what somebody may see: what the connections of these entities use.
func Seen(entries []job.CalendarEntry, cfg *config.Config, sight job.Sight) []job.CalendarEntry {
	if sight.Whole() {
		return entries
	}
	shown := []job.CalendarEntry{}
	for _, e := range entries {
		all := len(e.Connections)
		e.Connections = slices.DeleteFunc(slices.Clone(e.Connections), func(name string) bool { return !sight.Sees(cfg.Connections[name].Entity) })
		if len(e.Connections) > 0 && !(e.Kind == job.KindHostKey && len(e.Connections) < all) { // who trusted it, and whose login saw it, may be of others
			shown = append(shown, e)
		}
	}
	return shown
}
