package sftptest_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	key, err := sftptest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// answer answers every question of keyboard-interactive.
func answer(text string) ssh.AuthMethod {
	return ssh.KeyboardInteractive(func(_, _ string, questions []string, _ []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i := range answers {
			answers[i] = text
		}
		return answers, nil
	})
}

func TestTheServerAsksForTheMethodsItWasTold(t *testing.T) {
	ours, strange := newKey(t), newKey(t)
	user := sftptest.User{Name: "demo", Password: "pw", Keys: []ssh.PublicKey{ours.PublicKey()}}
	both := [][]string{{"publickey", "password"}}
	interactive := [][]string{{"keyboard-interactive"}}
	for _, tc := range []struct {
		name    string
		methods [][]string
		auth    []ssh.AuthMethod
		well    bool
	}{
		{"password", nil, []ssh.AuthMethod{ssh.Password("pw")}, true},
		{"wrong password", nil, []ssh.AuthMethod{ssh.Password("pW")}, false},
		{"no password", nil, []ssh.AuthMethod{ssh.Password("")}, false},
		{"key", nil, []ssh.AuthMethod{ssh.PublicKeys(ours)}, true},
		{"strange key", nil, []ssh.AuthMethod{ssh.PublicKeys(strange)}, false},
		{"both", both, []ssh.AuthMethod{ssh.PublicKeys(ours), ssh.Password("pw")}, true},
		{"both, wrong password", both, []ssh.AuthMethod{ssh.PublicKeys(ours), ssh.Password("x")}, false},
		{"both, strange key", both, []ssh.AuthMethod{ssh.PublicKeys(strange), ssh.Password("pw")}, false},
		{"both, key alone", both, []ssh.AuthMethod{ssh.PublicKeys(ours)}, false},
		{"both, password alone", both, []ssh.AuthMethod{ssh.Password("pw")}, false},
		{"interactive", interactive, []ssh.AuthMethod{answer("pw")}, true},
		{"interactive, wrong", interactive, []ssh.AuthMethod{answer("x")}, false},
		{"interactive, password offered", interactive, []ssh.AuthMethod{ssh.Password("pw")}, false},
		{"nothing", nil, []ssh.AuthMethod{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, _ := start(t, sftptest.Options{Users: []sftptest.User{user}, Methods: tc.methods})
			conn, err := login(t, s, tc.auth...)
			if (err == nil) != tc.well {
				t.Errorf("login: %v", err)
			}
			if conn != nil {
				_ = conn.Close()
			}
		})
	}
}

func TestLoginsAreLogged(t *testing.T) {
	s, _ := start(t, sftptest.Options{Banner: "Authorised users only\n"})
	if _, err := login(t, s, ssh.Password("wrong")); err == nil {
		t.Fatal("it let a wrong password in")
	}
	s.Change(func(k *sftptest.Knobs) { k.RefuseLogin = true })
	if _, err := login(t, s); err == nil {
		t.Fatal("it refused nobody")
	}
	s.Change(func(k *sftptest.Knobs) { k.RefuseLogin = false })
	if _, err := login(t, s); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range s.Log() {
		if o.Op == "auth" && o.Path == "password" {
			got = append(got, fmt.Sprint(o.Session, o.User, o.Code))
		}
	}
	if want := "1demo3 2demo3 3demo0"; strings.ReplaceAll(strings.Join(got, "|"), " ", "") != strings.ReplaceAll(want, " ", "|") {
		t.Errorf("logins %q", got)
	}
}

func TestHostKeysChange(t *testing.T) {
	s, _ := start(t, sftptest.Options{})
	before := s.Fingerprint()
	if len(s.HostKeys()) != 1 || !strings.HasPrefix(s.HostKeys()[0], "ssh-ed25519 AAAA") || strings.Contains(s.HostKeys()[0], "\n") {
		t.Errorf("host keys %q", s.HostKeys())
	}
	s.SetHostKeys(newKey(t))
	if s.Fingerprint() == before {
		t.Error("the fingerprint is as before")
	}
	if _, err := login(t, s); err != nil { // login compares with Fingerprint
		t.Error(err)
	}
}

func TestExtraHostKeysAreAnnouncedAndProven(t *testing.T) {
	extra := newKey(t)
	for _, bad := range []bool{false, true} {
		s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{ExtraHostKeys: []ssh.Signer{extra}, BadProofs: bad}})
		conn, requests := rawLogin(t, s)
		announced := <-requests
		if announced.Type != "hostkeys-00@openssh.com" {
			t.Fatalf("request %q", announced.Type)
		}
		var keys struct{ First, Second []byte }
		if err := ssh.Unmarshal(announced.Payload, &keys); err != nil {
			t.Fatal(err)
		}
		if string(keys.Second) != string(extra.PublicKey().Marshal()) {
			t.Error("the extra key is not announced")
		}
		if err := proven(conn, keys.Second); (err != nil) != bad {
			t.Errorf("bad proofs %v: %v", bad, err)
		}
		if ok, _, err := conn.SendRequest("hostkeys-prove-00@openssh.com", true, ssh.Marshal(struct{ Key []byte }{newKey(t).PublicKey().Marshal()})); ok || err != nil {
			t.Errorf("a strange key: %v, %v", ok, err)
		}
	}
}

// proven asks for a proof of key and checks it.
func proven(conn ssh.Conn, key []byte) error {
	ok, payload, err := conn.SendRequest("hostkeys-prove-00@openssh.com", true, ssh.Marshal(struct{ Key []byte }{key}))
	if err != nil || !ok {
		return errors.Join(err, errors.New("no proof"))
	}
	var proof struct{ Signature []byte }
	var signature ssh.Signature
	if err := errors.Join(ssh.Unmarshal(payload, &proof), ssh.Unmarshal(proof.Signature, &signature)); err != nil {
		return err
	}
	public, err := ssh.ParsePublicKey(key)
	if err != nil {
		return err
	}
	return public.Verify(ssh.Marshal(struct {
		Name         string
		Session, Key []byte
	}{"hostkeys-prove-00@openssh.com", conn.SessionID(), key}), &signature)
}

func TestConnectionsAndSessionsAreCounted(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{MaxConnections: 1, MaxSessions: 2}})
	first, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.SendRequest("keepalive@openssh.com", true, nil); err != nil { // by now the server has counted it
		t.Fatal(err)
	}
	if second, err := login(t, s); err == nil { // cut off after login: any request shows it
		if _, _, err := second.SendRequest("keepalive@openssh.com", true, nil); err == nil {
			t.Error("a second connection was served")
		}
	}
	for i := range 3 {
		_, requests, err := first.OpenChannel("session", nil)
		if (err == nil) != (i < 2) {
			t.Errorf("session %d: %v", i, err)
		}
		if err == nil {
			go ssh.DiscardRequests(requests)
		}
	}
}

func TestLoginsBesideTooManyAreRefused(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{MaxLogins: 1}})
	first, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := first.SendRequest("keepalive@openssh.com", true, nil); err != nil { // by now the server has counted it
		t.Fatal(err)
	}
	if _, err := login(t, s); err == nil || s.Struck() == 0 {
		t.Errorf("a second one was let in: %v", err)
	}
	s.Change(func(k *sftptest.Knobs) { k.MaxLogins = 2 })
	if _, err := login(t, s); err != nil {
		t.Error(err)
	}
}

func TestWithoutSFTPTheSubsystemIsRefused(t *testing.T) {
	s, _ := start(t, sftptest.Options{Knobs: sftptest.Knobs{NoSFTP: true}})
	conn, err := login(t, s)
	if err != nil {
		t.Fatal(err)
	}
	ch, requests, err := conn.OpenChannel("session", nil)
	if err != nil {
		t.Fatal(err)
	}
	go ssh.DiscardRequests(requests)
	for _, kind := range []string{"subsystem", "exec", "shell"} {
		if ok, err := ch.SendRequest(kind, true, ssh.Marshal(struct{ Name string }{"sftp"})); ok || err != nil {
			t.Errorf("%s: %v, %v", kind, ok, err)
		}
	}
}

// keyOnDisk makes a key for OpenSSH's programs.
func keyOnDisk(t *testing.T) (string, ssh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return name, signer.PublicKey()
}
