package control

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// SheetBook is what the sheet of a connection tells from the store.
type SheetBook interface {
	Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	Pins(ctx context.Context, address string) ([]job.Pin, error)
	LastAudit(ctx context.Context, act, object string) (store.AuditLine, error)
}

// Sheet gathers the facts of a connection's onboarding sheet. They are public: no private key, password or path of ours is among
// them.
func Sheet(ctx context.Context, cfg *config.Config, book SheetBook, name, version string, now time.Time) (sheet.Facts, error) {
	c, found := cfg.Connections[name]
	if !found {
		return sheet.Facts{}, noConnection(name)
	}
	f := sheet.Facts{
		Connection: c.Name, Display: c.DisplayName, Entity: c.Entity, Contact: cfg.Contact, Made: now, Version: version,
		Host: c.Host, Port: c.Port, User: c.User, Egress: addresses(cfg.EgressIPs), Methods: c.Auth.Methods, TheirKey: c.Auth.KeyFile != nil,
	}
	if c.BindAddress != "" {
		f.Egress = []string{c.BindAddress}
	}
	specs := jobsOf(cfg, name)
	f.Folders = foldersOf(c, specs)
	for _, spec := range specs {
		addFiles(&f, c, spec)
	}
	for _, add := range []func(context.Context, SheetBook, job.Connection, []job.Spec, *sheet.Facts) error{addLogin, addHostKeys, addPGP, addTest} {
		if err := add(ctx, book, c, specs, &f); err != nil {
			return f, err
		}
	}
	return f, nil
}

func noConnection(name string) *job.Reason {
	return &job.Reason{
		Slug: "usage.no_such_connection", What: "nothing was made", Cause: fmt.Sprintf("the configuration that counts has no connection %q", naming.Printable(name, 100)), Do: "haulier connections list",
		Who: job.WhoUs, Err: job.ErrNotFound,
	}
}

func addresses(all []netip.Addr) []string {
	texts := make([]string, len(all))
	for i, a := range all {
		texts[i] = a.String()
	}
	return texts
}

func jobsOf(cfg *config.Config, connection string) []job.Spec {
	var specs []job.Spec
	for _, spec := range cfg.Jobs {
		if spec.Connection == connection {
			specs = append(specs, spec)
		}
	}
	return specs
}

// addLogin adds the keys to install: the current one, and the one that is to follow it.
func addLogin(ctx context.Context, book SheetBook, c job.Connection, _ []job.Spec, f *sheet.Facts) error {
	if c.Auth.Key == "" {
		return nil
	}
	keys, err := book.Keys(ctx, job.KeySSH, c.Auth.Key)
	if err != nil {
		return err
	}
	for _, key := range inSlots(keys, job.SlotCurrent, job.SlotNext) {
		public, comment, err := sshkey.ParsePublic([]byte(key.Public))
		if err != nil {
			return err
		}
		sha256, md5 := sshkey.Fingerprints(public)
		f.Keys = append(f.Keys, sheet.Key{
			Label: labelOf(key), Algorithm: key.Algorithm, OpenSSH: key.Public, SSH2: sshkey.SSH2(public, comment), SHA256: sha256, MD5: md5,
			Next: key.Slot == job.SlotNext && len(f.Keys) > 0,
		})
	}
	return nil
}

func addHostKeys(ctx context.Context, book SheetBook, c job.Connection, _ []job.Spec, f *sheet.Facts) (err error) {
	f.HostKeys, err = hostKeysOf(ctx, book, c)
	return err
}

// pinned has host keys that were pinned.
type pinned interface {
	Pins(ctx context.Context, address string) ([]job.Pin, error)
}

// hostKeysOf gives the fingerprints of the host keys that count: those of the configuration, else the pins.
func hostKeysOf(ctx context.Context, book pinned, c job.Connection) (prints []string, err error) {
	lines := c.HostKeys
	if len(lines) == 0 {
		pins, err := book.Pins(ctx, PinAddress(c.Endpoint))
		if err != nil {
			return nil, err
		}
		for _, pin := range pins {
			lines = append(lines, pin.Key)
		}
	}
	for _, line := range lines {
		if public, _, err := sshkey.ParsePublic([]byte(line)); err == nil {
			sha256, _ := sshkey.Fingerprints(public)
			line = public.Type() + " " + sha256
		}
		prints = append(prints, line)
	}
	return prints, nil
}

// addPGP adds the keys of both sides that the jobs name, each once, with the files that it is for.
func addPGP(ctx context.Context, book SheetBook, _ job.Connection, specs []job.Spec, f *sheet.Facts) error {
	var decrypt, signers, encrypt, sign keyUses
	for _, spec := range specs {
		if spec.Import != nil && spec.Import.Opening != nil {
			name := forPeople(spec.Import.Match, spec.Import.MatchRegex)
			decrypt.add(name, spec.Import.Opening.DecryptWith...)
			signers.add(name, spec.Import.Opening.SignedBy...)
		}
		if spec.Export != nil && spec.Export.Sealing != nil {
			encrypt.add(sent(spec.Export), spec.Export.Sealing.EncryptTo...)
			if with := spec.Export.Sealing.SignWith; with != "" {
				sign.add(sent(spec.Export), with)
			}
		}
	}
	for _, of := range []struct {
		to   *[]sheet.PGPKey
		kind job.KeyKind
		uses keyUses
	}{{&f.Decrypt, job.KeyPGP, decrypt}, {&f.Signers, job.KeyPGPPublic, signers}, {&f.Encrypt, job.KeyPGPPublic, encrypt}, {&f.Sign, job.KeyPGP, sign}} {
		keys, err := of.uses.facts(ctx, book, of.kind)
		if err != nil {
			return err
		}
		*of.to = keys
	}
	return nil
}

// keyUses are names of keys, and the files that each is for.
type keyUses struct {
	names []string
	files map[string][]string
}

func (u *keyUses) add(file string, names ...string) {
	if u.files == nil {
		u.files = map[string][]string{}
	}
	for _, name := range names {
		u.names = appendNew(u.names, name)
		u.files[name] = appendNew(u.files[name], file)
	}
}

// facts are what a sheet tells of the keys: of ours the public part, of theirs the fingerprint, and no more than the name of those
// that the customer still has to send. Ours that are not made yet are left out.
func (u *keyUses) facts(ctx context.Context, book SheetBook, kind job.KeyKind) ([]sheet.PGPKey, error) {
	var facts []sheet.PGPKey
	for _, name := range u.names {
		key, found, err := currentKey(ctx, book, kind, name)
		switch {
		case err != nil:
			return nil, err
		case !found && kind == job.KeyPGP:
			continue
		}
		fact := sheet.PGPKey{Label: name, For: u.files[name]}
		if found {
			fact.Label, fact.Fingerprint, fact.Expires = labelOf(key), pgp.Spaced(key.Fingerprint), key.Expires
		}
		if kind == job.KeyPGP {
			fact.Armored = key.Public
		}
		facts = append(facts, fact)
	}
	return facts, nil
}

func appendNew(all []string, more ...string) []string {
	for _, name := range more {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func currentKey(ctx context.Context, book SheetBook, kind job.KeyKind, name string) (job.Key, bool, error) {
	keys, err := book.Keys(ctx, kind, name)
	if err != nil {
		return job.Key{}, false, err
	}
	current := inSlots(keys, job.SlotCurrent)
	if len(current) == 0 {
		return job.Key{}, false, nil
	}
	return current[0], true, nil
}

// addTest adds how the last test of the connection went.
func addTest(ctx context.Context, book SheetBook, c job.Connection, _ []job.Spec, f *sheet.Facts) error {
	line, err := book.LastAudit(ctx, actTested, c.Name)
	if err == nil && line.ID == 0 {
		line, err = book.LastAudit(ctx, actTest, c.Name) // of before, when there was one line a test
	}
	if err != nil || line.ID == 0 || line.Detail == "" {
		return err
	}
	slug, ours := strings.CutSuffix(line.Detail, onOurSide)
	f.Tested = &sheet.Tested{At: line.At, Slug: slug, Ours: ours}
	if line.Detail == "ok" {
		f.Tested.Slug = ""
	}
	return nil
}
