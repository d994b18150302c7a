package control

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// tellingDesk remembers what it wrote down as told for the first time.
type tellingDesk struct {
	*store.Store
	mu   sync.Mutex
	told []string
}

func (d *tellingDesk) TellCredential(ctx context.Context, c store.CredentialLead, at time.Time) (bool, error) {
	told, err := d.Store.TellCredential(ctx, c, at)
	if told {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.told = append(d.told, fmt.Sprintf("%s %s/%s %d", at.Format("01-02"), c.Kind, c.Name, c.Days))
	}
	return told, err
}

func credentialStore(t *testing.T) *tellingDesk {
	t.Helper()
	dir := t.TempDir()
	key := store.KeySource{Path: dir + "/master.key", Getenv: func(string) string { return "" }}
	s, err := store.Open(t.Context(), store.Options{Path: dir + "/haulier.db", MasterKey: key.MasterKey})
	if err != nil {
		t.Fatal(err)
	}
	return &tellingDesk{Store: s}
}

func (d *tellingDesk) close(t *testing.T) {
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// say tells of the incidents that are due, as the clock of the alerts does, and gives what was said.
func (d *tellingDesk) say(t *testing.T) (said []string) {
	t.Helper()
	ids, _, err := d.IncidentsDue(t.Context(), time.Now(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		what, err := d.TellIncident(t.Context(), id, time.Now(), func(job.Incident) store.Manner { return store.Manner{} })
		if err != nil {
			t.Fatal(err)
		}
		i, err := d.Incident(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		said = append(said, time.Now().Format("01-02")+" "+what+" "+strings.TrimPrefix(i.Cause, "credential/"))
	}
	return said
}

func pgpKey(t *testing.T, d *tellingDesk, kind job.KeyKind, name string, expires time.Time) job.Key {
	t.Helper()
	k, err := d.AddKey(t.Context(), job.Key{Kind: kind, Name: name, Expires: expires}, secret.Text{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func same[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func credentialConfig(passwordEnds time.Time) *config.Config {
	c := job.Connection{Name: "acme", Enabled: true, Entity: "acme-nv"}
	c.Auth.Expires = passwordEnds
	off := job.Connection{Name: "off"}
	off.Auth.Expires = passwordEnds
	return &config.Config{
		Connections: map[string]job.Connection{"acme": c, "off": off},
		Jobs: []job.Spec{
			{Name: "in", Connection: "acme", Import: &job.Import{Opening: &job.Opening{DecryptWith: []string{"ours"}}}},
			{Name: "out", Connection: "acme", Export: &job.Export{Sealing: &job.Sealing{EncryptTo: []string{"theirs"}}}},
		},
	}
}

// A year with a daemon that is started anew every third day and is away in between: each lead time is told once, and on its day, or when
// the daemon is back.
func TestAYearOfCredentialsTellsEachLeadTimeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := credentialStore(t)
		defer d.close(t)
		begin := time.Now()
		on := func(day int) time.Time { return begin.AddDate(0, 0, day).Add(12 * time.Hour) } // no daemon begins or ends at noon
		cfg := credentialConfig(on(40))
		pgpKey(t, d, job.KeyPGP, "ours", on(100))
		pgpKey(t, d, job.KeyPGPPublic, "theirs", on(20))
		pgpKey(t, d, job.KeyPGPPublic, "nobodys", on(50))
		var said []string
		for n := range 365 {
			switch n {
			case 15: // the customer sends a new one
				pgpKey(t, d, job.KeyPGPPublic, "theirs", on(300))
			case 60: // late
				cfg = credentialConfig(on(250))
			}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			if n%3 != 2 || n == 60 {
				c := NewCredentials(d, func() *config.Config { return cfg }, slog.New(slog.DiscardHandler))
				running.Go(func() { c.Run(ctx) })
			}
			time.Sleep(23 * time.Hour)
			said = append(said, d.say(t)...)
			time.Sleep(time.Hour)
			cancel()
			running.Wait()
		}
		same(t, "lead times", d.told, []string{
			"01-01 pgp-public/theirs 30", "01-07 pgp-public/theirs 14", "01-11 password/acme 30", "01-14 pgp-public/theirs 7",
			"01-28 password/acme 14", "02-03 password/acme 7", "02-09 password/acme 1", "02-10 password/acme 0", "03-11 pgp/ours 30",
			"03-28 pgp/ours 14", "04-03 pgp/ours 7", "04-09 pgp/ours 1", "04-10 pgp/ours 0", "08-08 password/acme 30",
			"08-25 password/acme 14", "08-31 password/acme 7", "09-06 password/acme 1", "09-07 password/acme 0",
			"09-27 pgp-public/theirs 30", "10-13 pgp-public/theirs 14", "10-21 pgp-public/theirs 7", "10-27 pgp-public/theirs 1", "10-27 pgp-public/theirs 0",
		})
		var want []string // what people hear: the same, and twice that it is over
		for _, line := range d.told {
			if line == "10-27 pgp-public/theirs 1" {
				continue // the daemon was away the day before; by the evening there is worse to say
			}
			date, rest, _ := strings.Cut(line, " ")
			of, lead, _ := strings.Cut(rest, " ")
			slug := store.SlugCredentialExpiring
			if lead == "0" {
				slug = store.SlugCredentialExpired
			}
			want = append(want, date+" opened "+of+"/"+slug)
		}
		want = append(want, "01-16 resolved pgp-public/theirs/"+store.SlugCredentialExpiring, "03-01 resolved password/acme/"+store.SlugCredentialExpired)
		slices.Sort(want)
		slices.Sort(said)
		same(t, "what people hear", said, want)
		events, err := d.Events(t.Context(), 0, 0)
		keys := slices.DeleteFunc(events, func(e job.Event) bool { return e.Type != "pgp_key.expiring" })
		if err != nil || len(keys) != 13 || !strings.Contains(string(keys[0].Data), `"key":"theirs","version":1,"connection":"acme"`) {
			t.Errorf("%d events of keys, the first %s, error %v", len(keys), keys[0].Data, err)
		}
	})
}

// An acknowledgement holds for what was told; the next lead time is told again. What is asked twice at once is told once.
func TestALeadTimeIsToldOverAnAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := credentialStore(t)
		defer d.close(t)
		at := time.Now()
		lead := store.CredentialLead{Kind: "password", Name: "acme", Ends: at.AddDate(0, 0, 10), Days: 14, Reason: job.Reason{Slug: store.SlugCredentialExpiring}}
		var both sync.WaitGroup
		for range 4 {
			both.Go(func() {
				if _, err := d.TellCredential(t.Context(), lead, at); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		same(t, "told", len(d.told), 1)
		time.Sleep(time.Hour)
		same(t, "said", len(d.say(t)), 1)
		open, err := d.OpenIncidents(t.Context())
		if err != nil || len(open) != 1 {
			t.Fatalf("%d open, %v", len(open), err)
		}
		if _, err := d.AckIncident(t.Context(), open[0].ID, "ops", "on it", time.Now()); err != nil {
			t.Fatal(err)
		}
		lead.Days = 7
		for range 2 {
			if _, err := d.TellCredential(t.Context(), lead, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour)
		same(t, "said again", d.say(t), []string{"01-01 opened password/acme/credential.expiring"})
		same(t, "told again", len(d.told), 2)
	})
}

// Where a password follows another its day is in the calendar; the end of the old one is no news any more, that of the new one is.
func TestCalendarHasTheDayOfANewPassword(t *testing.T) {
	d := credentialStore(t)
	defer d.close(t)
	now := time.Now()
	in := func(days int) time.Time { return now.AddDate(0, 0, days) }
	for _, test := range []struct {
		ends       time.Time
		from, then int
		want       []string
	}{
		{in(5), 4, 90, []string{"note 4", "ends 90"}}, {in(5), 6, 90, []string{"ends 5", "note 6"}}, {time.Time{}, 4, 90, []string{"note 4", "ends 90"}},
		{in(-10), -1, 90, []string{"note -1", "ends 90"}}, {in(-10), -20, 90, []string{"waiting -20", "ends 90"}},
	} {
		cfg := credentialConfig(test.ends)
		for name, con := range cfg.Connections {
			con.Auth.Successor = &job.Successor{From: in(test.from), Expires: in(test.then)}
			cfg.Connections[name] = con
		}
		entries, err := Calendar(t.Context(), d, cfg, now)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, e := range entries {
			if e.Kind == job.KindPassword {
				lines = append(lines, fmt.Sprintf("%s %d", e.Says, e.Days))
			}
		}
		same(t, fmt.Sprint(test.from), lines, test.want)
	}
}

func TestCalendarListsAllThatHasADate(t *testing.T) {
	d := credentialStore(t)
	defer d.close(t)
	now := time.Now()
	ago := func(days int) time.Time { return now.AddDate(0, 0, -days) }
	cfg := credentialConfig(now.Add(36 * time.Hour))
	acme := cfg.Connections["acme"]
	acme.Host, acme.Port, acme.Auth.Key = "sftp.acme.example", 22, "login"
	acme.Jump = []job.Jump{{Name: "bastion", Endpoint: job.Endpoint{Host: "bastion", Port: 22, Auth: job.Auth{Expires: ago(1)}}}}
	cfg.Connections["acme"] = acme
	for _, k := range []job.Key{
		{Kind: job.KeySSH, Name: "login", Created: ago(300)},
		{Kind: job.KeySSH, Name: "login", Created: ago(8), Slot: job.SlotNext},
		{Kind: job.KeySSH, Name: "nobodys", Created: ago(800)},
		{Kind: job.KeyPGP, Name: "ours", Created: ago(500), Expires: ago(-5)},
		{Kind: job.KeyPGP, Name: "ours", Created: ago(100)},
		{Kind: job.KeyPGPPublic, Name: "theirs", Created: ago(500), Expires: ago(-20)},
		{Kind: job.KeyPGPPublic, Name: "theirs", Created: ago(9), Expires: ago(-900), Slot: job.SlotNext},
	} {
		if _, err := d.AddKey(t.Context(), k, secret.Text{}); err != nil {
			t.Fatal(err)
		}
	}
	address := "[sftp.acme.example]:22"
	for _, err := range []error{
		d.KeyUsed(t.Context(), job.Key{Kind: job.KeyPGP, Name: "ours", Version: 1}, ago(2)),
		d.AddPin(t.Context(), job.Pin{Address: address, Key: "ssh-ed25519 AAAA", Added: ago(3), By: "ops", Why: "trust"}),
		d.AddPin(t.Context(), job.Pin{Address: "[elsewhere]:22", Key: "ssh-ed25519 BBBB", Added: ago(3), By: "ops", Why: "trust"}),
		d.SawHostKey(t.Context(), address, "ssh-rsa CCCC"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	entries, err := Calendar(t.Context(), d, cfg, now)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%s %s@%d %s %d %v", e.Kind, e.Name, e.Version, e.Says, e.Days, e.Connections))
	}
	same(t, "calendar", lines, []string{
		"ssh login@2 waiting -8 [acme]", "host-key [sftp.acme.example]:22@0 note -3 [acme]", "pgp ours@1 note -2 [acme]", "password bastion@0 ends -1 [acme]",
		"host-key [sftp.acme.example]:22@0 note 1 [acme]", "password acme@0 ends 2 [acme]", "ssh login@1 age 65 [acme]",
	})
	same(t, "seen by the tenant", len(Seen(entries, cfg, job.Sight{"acme-nv"})), len(entries))
	same(t, "seen by another", len(Seen(entries, cfg, job.Sight{"bank-nv"})), 0)
}
