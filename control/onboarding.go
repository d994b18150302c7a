package control

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/store"
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
		return sheet.Facts{}, noConnection(cfg, name)
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

func noConnection(cfg *config.Config, name string) *job.Reason {
	return &job.Reason{
		Slug: "usage.no_such_connection", What: "nothing was made", Cause: cfg.Path + " has no connection \"" + name + "\"", Do: "haulier connections list",
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

// addHostKeys adds the fingerprints of the host keys that count: those of the configuration, else the pins.
func addHostKeys(ctx context.Context, book SheetBook, c job.Connection, _ []job.Spec, f *sheet.Facts) error {
	lines := c.HostKeys
	if len(lines) == 0 {
		pins, err := book.Pins(ctx, PinAddress(c.Endpoint))
		if err != nil {
			return err
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
		f.HostKeys = append(f.HostKeys, line)
	}
	return nil
}

// addPGP adds the keys of both sides that the jobs name, each once.
func addPGP(ctx context.Context, book SheetBook, _ job.Connection, specs []job.Spec, f *sheet.Facts) error {
	var ours, signers, theirs []string
	for _, spec := range specs {
		if spec.Import != nil && spec.Import.Opening != nil {
			ours = appendNew(ours, spec.Import.Opening.DecryptWith...)
			f.Signed = f.Signed || len(spec.Import.Opening.SignedBy) > 0
			theirs = appendNew(theirs, spec.Import.Opening.SignedBy...)
		}
		if spec.Export != nil && spec.Export.Sealing != nil {
			theirs = appendNew(theirs, spec.Export.Sealing.EncryptTo...)
			if with := spec.Export.Sealing.SignWith; with != "" {
				signers = appendNew(signers, with)
			}
		}
	}
	for _, name := range ours {
		key, found, err := currentKey(ctx, book, job.KeyPGP, name)
		if err != nil {
			return err
		}
		if found {
			f.Decrypt = append(f.Decrypt, pgpFact(key, key.Public))
		}
	}
	for _, name := range signers {
		key, found, err := currentKey(ctx, book, job.KeyPGP, name)
		if err != nil {
			return err
		}
		if found {
			signer := pgpFact(key, key.Public)
			f.SignedBy = &signer
		}
	}
	for _, name := range theirs {
		key, found, err := currentKey(ctx, book, job.KeyPGPPublic, name)
		switch {
		case err != nil:
			return err
		case found:
			f.Encrypt = append(f.Encrypt, pgpFact(key, ""))
		default:
			f.Awaited = append(f.Awaited, name)
		}
	}
	return nil
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

func pgpFact(key job.Key, armored string) sheet.PGPKey {
	return sheet.PGPKey{Label: labelOf(key), Fingerprint: pgp.Spaced(key.Fingerprint), Expires: key.Expires, Armored: armored}
}

// addTest adds how the last test of the connection went.
func addTest(ctx context.Context, book SheetBook, c job.Connection, _ []job.Spec, f *sheet.Facts) error {
	line, err := book.LastAudit(ctx, "connection.test", c.Name)
	if err != nil || line.ID == 0 {
		return err
	}
	f.Tested = &sheet.Tested{At: line.At, Slug: line.Detail}
	if line.Detail == "ok" {
		f.Tested.Slug = ""
	}
	return nil
}
