package messages

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftptest"
)

const notEvenLogin = "nothing was sent, not even the login"

func TestHostKeyIsNotKnown(t *testing.T) {
	produceConnecting(t, 12, "host key", func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{})
		c.hostKeys = nil
		return newMachine(t, c), []string{"run", "acme-in"}, message{
			slug: "host_key.unknown", what: notEvenLogin,
			cause: []string{"first contact with " + s.Addr, "it shows ssh-ed25519 " + fingerprint(t, s.HostKeyLines[0])},
			do:    []string{"compare this fingerprint", "`haulier connections trust acme`"},
			who:   job.WhoUs,
		}
	})
}

// TestHostKeyHasChanged pins a key as `connections trust` does, and then meets another one.
func TestHostKeyHasChanged(t *testing.T) {
	produceConnecting(t, 12, "host key", func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{})
		c.hostKeys = nil
		m, former := newMachine(t, c), formerKey(t)
		pinned := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
		m.pin(job.Pin{Address: fmt.Sprintf("[%s]:%d", s.Host, s.Port), Key: former, By: "ops", Why: "trust", Added: pinned})
		now := fingerprint(t, s.HostKeyLines[0])
		return m, []string{"run", "acme-in"}, message{
			slug: "host_key.changed", what: notEvenLogin,
			cause: []string{s.Addr + " now shows ssh-ed25519 " + now, "ssh-ed25519 " + fingerprint(t, former), "(of 2026-03-02)", "rebuilt", "someone stands in between"},
			do:    []string{"confirm " + now + " with the customer by phone", "`haulier connections trust acme --fingerprint " + now + "`"},
			who:   job.WhoBoth,
		}
	})
}

// TestHostKeyIsNotTheListedOne: the configuration lists the keys itself, so that trust has no say.
func TestHostKeyIsNotTheListedOne(t *testing.T) {
	produceConnecting(t, 12, "host key", func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{})
		former := formerKey(t)
		c.hostKeys = []string{former}
		now := fingerprint(t, s.HostKeyLines[0])
		return newMachine(t, c), []string{"run", "acme-in"}, message{
			slug: "host_key.changed", what: notEvenLogin,
			cause: []string{s.Addr + " now shows ssh-ed25519 " + now, "ssh-ed25519 " + fingerprint(t, former)},
			do:    []string{"confirm ssh-ed25519 " + now, "host_keys"},
			who:   job.WhoBoth,
		}
	})
}

func TestNoAlgorithmIsShared(t *testing.T) {
	produceConnecting(t, 10, "SSH", func(t *testing.T) (*machine, []string, message) {
		c, s := sshd(t, testserver.Options{HostKeys: []string{"rsa"}, Config: []string{"HostKeyAlgorithms ssh-rsa"}})
		return newMachine(t, c), []string{"run", "acme-in"}, message{
			slug: "ssh.no_common_algorithm", what: notEvenLogin,
			cause: []string{s.Addr, "host key", "Theirs: ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"},
			do:    []string{"`algorithms: {also_allow: [ssh-rsa]}`", "weakens this connection only"},
			who:   job.WhoBoth, technical: "no common algorithm",
		}
	})
}

// formerKey is the line of a host key that no server has any more.
func formerKey(t *testing.T) string {
	t.Helper()
	key, err := sftptest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key.PublicKey())))
}

func fingerprint(t *testing.T, line string) string {
	t.Helper()
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return ssh.FingerprintSHA256(key)
}

// pin keeps a host key in the machine's store.
func (m *machine) pin(p job.Pin) {
	m.t.Helper()
	m.must("keys", "generate", "other") // makes the store
	master := store.KeySource{Path: filepath.Join(m.Dir, "data", "master.key")}
	s, err := store.Open(m.t.Context(), store.Options{Path: filepath.Join(m.Dir, "data", "haulier.db"), MasterKey: master.MasterKey})
	if err != nil {
		m.t.Fatal(err)
	}
	if err := s.AddPin(m.t.Context(), p); err != nil {
		m.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		m.t.Fatal(err)
	}
}
