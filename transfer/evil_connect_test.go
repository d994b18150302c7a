package transfer_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// Each lie before the first request. None gets as far as a file, nothing secret is sent to a server whose key is not the
// pinned one, and at most one login is tried.
func TestNoSessionWithALyingServer(t *testing.T) {
	other, err := sftptest.NewKey()
	ofOtherType, typeErr := sftptest.NewECDSAKey()
	if err := errors.Join(err, typeErr); err != nil {
		t.Fatal(err)
	}
	none := sftptest.Knobs{}.HostKeys
	interactive := [][]string{{"keyboard-interactive"}}
	for name, tc := range map[string]struct {
		knobs  sftptest.Knobs
		slug   string
		logins int // tried with something of ours
	}{
		"silence":                       {sftptest.Knobs{Mute: true}, "net.timeout", 0},
		"another protocol":              {sftptest.Knobs{Greeting: "220 ProFTPD\r\n"}, "net.not_ssh", 0},
		"nothing but garbage":           {sftptest.Knobs{Greeting: strings.Repeat("\x00\xff", 1<<20)}, "net.not_ssh", 0},
		"1,024 lines before SSH":        {sftptest.Knobs{Preface: strings.Repeat("\x1b[2J\x1b]0;owned\a\u202eline\r\n", 1024)}, "net.not_ssh", 0},
		"one line without an end":       {sftptest.Knobs{Preface: strings.Repeat("x", 1<<20)}, "net.not_ssh", 0},
		"too many that log in":          {sftptest.Knobs{MaxStartups: -1}, "net.closed_early", 0},
		"another key":                   {sftptest.Knobs{HostKeys: append(none, other)}, "host_key.changed", 0},
		"another key at every time":     {sftptest.Knobs{FreshHostKey: true}, "host_key.changed", 0},
		"a key of another type":         {sftptest.Knobs{HostKeys: append(none, ofOtherType)}, "host_key.changed", 0},
		"old algorithms only":           {sftptest.Knobs{OldAlgorithms: true}, "ssh.no_common_algorithm", 0},
		"messages without end":          {sftptest.Knobs{Banners: 10_000}, "ssh.handshake", 0},
		"1,000 questions":               {sftptest.Knobs{Methods: interactive, Prompts: 1000}, "auth.prompt", 1},
		"never enough":                  {sftptest.Knobs{PartialForEver: true}, "auth.second_factor_missing", 1},
		"password refused":              {sftptest.Knobs{RefuseLogin: true}, "auth.password_rejected", 1},
		"only keys are taken":           {sftptest.Knobs{Methods: [][]string{{"publickey"}}}, "auth.method_not_offered", 0},
		"no SFTP":                       {sftptest.Knobs{NoSFTP: true}, "ssh.no_sftp", 1},
		"no channel":                    {sftptest.Knobs{MaxSessions: -1}, "remote.too_many_connections", 1},
		"the first request is not read": {fault("limits", sftptest.Stall), "net.timeout", 1},
		"the first answer is a lie":     {fault("limits", sftptest.WrongID), "remote.protocol", 1},
		"the first answer is cut":       {fault("limits", sftptest.Truncated), "remote.too_many_connections", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := evil(t).importing(nil)
			b.conn.Timeouts.Handshake = 2 * time.Second
			putBytes(t, b.remote("out", "a.csv"), noise(1000))
			b.lie(tc.knobs)
			ended(t, bounded(t, b.try), job.RunFailed, tc.slug)
			if n := len(b.logins()); n > tc.logins {
				t.Errorf("%d logins were tried: %q", n, b.logins())
			}
			if n := onlyWhole(t, b.landing); n != 0 {
				t.Errorf("%d files landed", n)
			}
		})
	}
}

// logins are the methods that the server saw, but for the opening "none".
func (b *bundle) logins() []string {
	var methods []string
	for _, o := range b.server.Log() {
		if o.Op == "auth" && o.Path != "none" {
			methods = append(methods, o.Path)
		}
	}
	return slices.Clip(methods)
}
