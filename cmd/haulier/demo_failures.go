package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// breakage is something that goes wrong in the demo.
type breakage struct {
	name string // what to type
	says string // what is wrong, a sentence without a full stop
	slug string // of what people are told
	job  string // whose run shows it
	// make lets it happen, and gives what takes it back.
	make func(ctx context.Context, s *demoStage, d *control.Daemon) (mend func() error, err error)
}

// breakages are all failures, in the order in which a connection meets them.
var breakages = []breakage{
	{"firewall", "The customer's firewall refuses connections", "net.refused", customersJob, byFirewall},
	{"timeout", "The customer's server takes connections and says nothing", "net.timeout", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.Mute = true })},
	{"closed", "Our address is not on the customer's list: connections are closed at once", "net.closed_early", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.MaxStartups = -1 })},
	{"notssh", "An FTP server answers on the port", "net.not_ssh", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.Greeting = "220 ProFTPD Server ready.\r\n" })},
	{"algorithm", "The customer's server offers only what was given up years ago", "ssh.no_common_algorithm", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.OldAlgorithms = true })},
	{"hostkey", "The customer's server shows another host key", "host_key.changed", customersJob, byHostKey},
	{"unknown", "No host key of the customer's server is known", "host_key.unknown", customersJob, byForgetting},
	{"password", "The customer's server takes passwords only, and we have a key", "auth.method_not_offered", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.Methods = [][]string{{"password"}} })},
	{"key", "The customer's server refuses our key", "auth.key_rejected", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.RefuseLogin = true })},
	{"factor", "The customer's server takes our key and wants a password as well", "auth.second_factor_missing", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.Methods = [][]string{{"publickey", "password"}} })},
	{"slow", "The customer's server sends a byte now and then", "net.too_slow", customersJob,
		byKnobs(func(k *sftptest.Knobs) { k.Drip = 2 * time.Millisecond })},
	{"pgp", "The customer forgets to encrypt the file", "pgp.not_encrypted", customersJob,
		byFiles(func(_ context.Context, _ *demoStage, text []byte) ([]byte, error) { return text, nil })},
	{"wrongkey", "The customer encrypts to somebody else's key", "pgp.wrong_key", customersJob, byFiles(sealedToOthers)},
	{"truncated", "The customer's upload was cut off", "pgp.truncated", customersJob, byFiles(cutOff)},
	{"disk", "There is no space left here", "local.no_space", customersJob, byFullDisk},
	{"remotedisk", "There is no space left on the customer's server", "remote.no_space", segmentJob,
		byKnobs(func(k *sftptest.Knobs) {
			k.FreeBytes = -1
			k.Faults = []sftptest.Fault{{Op: "write", Do: sftptest.Fail, Code: packet.Failure}}
		})},
	{"late", "The customer's file has a capital letter in its name: what is expected does not come", slugMissing, returnsName, byCapital},
	{"rename", "The customer's server forbids renaming", "remote.rename_refused", segmentJob,
		byKnobs(func(k *sftptest.Knobs) { k.NoRename = true })},
}

// slugMissing is that of the failure that no run meets: it is waited for.
const slugMissing = "expect.missing"

func findBreakage(name string) (breakage, bool) {
	i := slices.IndexFunc(breakages, func(b breakage) bool { return b.name == name })
	if i < 0 {
		return breakage{}, false
	}
	return breakages[i], true
}

type making = func(ctx context.Context, s *demoStage, d *control.Daemon) (mend func() error, err error)

// byKnobs is a failure of the customer's server: the knobs are those of the tests.
func byKnobs(change func(*sftptest.Knobs)) making {
	return func(_ context.Context, s *demoStage, _ *control.Daemon) (func() error, error) {
		s.server.Change(change)
		return func() error {
			s.server.Change(func(k *sftptest.Knobs) { *k = sftptest.Knobs{} })
			return nil
		}, nil
	}
}

func byFirewall(_ context.Context, s *demoStage, _ *control.Daemon) (func() error, error) {
	s.server.Close()
	return s.server.Open, nil
}

// byHostKey lets the server show another key, which may be trusted for practice: mending brings the old one back.
func byHostKey(ctx context.Context, s *demoStage, d *control.Daemon) (func() error, error) {
	pin := s.pin()
	key, err := sftptest.NewKey()
	if err != nil {
		return nil, err
	}
	mend, err := byKnobs(func(k *sftptest.Knobs) { k.HostKeys = append(k.HostKeys, key) })(ctx, s, d)
	return func() error { return errors.Join(mend(), s.store.AddPin(context.WithoutCancel(ctx), pin)) }, err
}

// byForgetting takes the pin out of the store.
func byForgetting(ctx context.Context, s *demoStage, _ *control.Daemon) (func() error, error) {
	pin := s.pin()
	err := s.store.RemovePin(ctx, pin)
	if errors.Is(err, job.ErrNotFound) {
		err = nil
	}
	return func() error { return s.store.AddPin(context.WithoutCancel(ctx), pin) }, err
}

// pin is the customer's host key, as it is trusted from the beginning.
func (s *demoStage) pin() job.Pin {
	return job.Pin{Address: control.PinAddress(s.endpoint()), Key: s.server.HostKeys()[0], By: user(), Why: "trust"}
}

// byFiles is a failure of whoever makes the customer's files.
func byFiles(pack func(context.Context, *demoStage, []byte) ([]byte, error)) making {
	return func(_ context.Context, s *demoStage, _ *control.Daemon) (func() error, error) {
		s.packBy(func(ctx context.Context, text []byte) ([]byte, error) { return pack(ctx, s, text) })
		return func() error { s.packBy(s.sealed); return nil }, nil
	}
}

func (s *demoStage) packBy(pack func(context.Context, []byte) ([]byte, error)) {
	s.files.Lock()
	defer s.files.Unlock()
	s.pack = pack
}

func sealedToOthers(ctx context.Context, _ *demoStage, text []byte) ([]byte, error) {
	key, private, err := pgp.Generate(pgp.X25519, "Somebody else", "")
	if err != nil {
		return nil, err
	}
	private.Wipe()
	return sealTo(ctx, key, text)
}

func cutOff(ctx context.Context, s *demoStage, text []byte) ([]byte, error) {
	whole, err := s.sealed(ctx, text)
	return whole[:len(whole)/2], err
}

// byFullDisk asks for more free space than any disk has: what is missing is found in the same way as on a full one.
func byFullDisk(ctx context.Context, _ *demoStage, d *control.Daemon) (func() error, error) {
	full := *d.Config()
	full.Jobs = slices.Clone(full.Jobs)
	for i := range full.Jobs {
		full.Jobs[i].Limits.MinFreeSpace = 1 << 50
	}
	return func() error {
		_, err := d.Reload(context.WithoutCancel(ctx), "haulier demo mend")
		return err
	}, d.Use(ctx, &full, "haulier demo break")
}
