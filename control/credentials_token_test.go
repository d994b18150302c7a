package control

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func (d *tellingDesk) token(t *testing.T, id, name string, expires time.Time) {
	t.Helper()
	if err := d.AddToken(t.Context(), job.Token{ID: id, Name: name, Role: "viewer", By: "olivia", Expires: expires}, []byte(id)); err != nil {
		t.Fatal(err)
	}
}

// watched lets the daemon's look at credentials run while days pass, and gives what people hear.
func (d *tellingDesk) watched(t *testing.T, days int) (said []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := NewCredentials(d, func() *config.Config { return &config.Config{} }, slog.New(slog.DiscardHandler))
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	for range days {
		time.Sleep(24 * time.Hour)
		said = append(said, d.say(t)...)
	}
	cancel()
	running.Wait()
	return said
}

// A token is told at each lead time and when it has ended, with the command that ends it; it is over when it is revoked, or when another
// of its name took its place, and not before.
func TestTokensAreToldUntilTheyAreReplacedOrRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := credentialStore(t)
		defer d.close(t)
		on := func(day int) time.Time { return time.Now().AddDate(0, 0, day).Add(12 * time.Hour) }
		d.token(t, "1", "replaced", on(31))
		d.token(t, "2", "revoked", on(35))
		d.token(t, "3", "early", on(36))
		d.token(t, "4", "lasting", on(300))
		same(t, "until both have ended", d.watched(t, 40), []string{
			"01-03 opened token/replaced/credential.expiring", "01-07 opened token/revoked/credential.expiring", "01-08 opened token/early/credential.expiring",
			"01-19 opened token/replaced/credential.expiring", "01-23 opened token/revoked/credential.expiring", "01-24 opened token/early/credential.expiring",
			"01-26 opened token/replaced/credential.expiring", "01-30 opened token/revoked/credential.expiring", "01-31 opened token/early/credential.expiring",
			"02-01 opened token/replaced/credential.expiring", "02-02 opened token/replaced/credential.expired", "02-05 opened token/revoked/credential.expiring",
			"02-06 opened token/early/credential.expiring", "02-06 opened token/revoked/credential.expired", "02-07 opened token/early/credential.expired",
		})
		for _, i := range d.open(t) {
			_, name, _ := strings.Cut(strings.TrimSuffix(i.Cause, "/"+store.SlugCredentialExpired), "token/")
			if do := i.Reason.Do; !strings.Contains(do, "`haulier tokens revoke "+name+"`") || !strings.Contains(do, "`haulier tokens create "+name+"`") {
				t.Errorf("%s: do %q", i.Cause, do)
			}
			if i.Reason.What != "all files move; the program that shows it is refused" {
				t.Errorf("%s: %q", i.Cause, i.Reason.What)
			}
		}
		d.token(t, "5", "replaced", on(400))
		if err := d.RevokeToken(t.Context(), "revoked", "olivia"); err != nil {
			t.Fatal(err)
		}
		same(t, "over", d.watched(t, 2), []string{"02-11 resolved token/replaced/credential.expired", "02-11 resolved token/revoked/credential.expired"})
		same(t, "left", len(d.open(t)), 1)
		if err := d.AddToken(t.Context(), job.Token{ID: "6", Name: "lasting", Role: "viewer", By: "olivia", Expires: on(400)}, []byte("6")); err == nil {
			t.Error("a token that is good still was replaced")
		}
		lines, err := d.Audit(t.Context(), 0, 10)
		if err != nil || !strings.Contains(fmt.Sprint(lines), "it had ended, and another takes its place") {
			t.Errorf("the audit list: %v, %v", lines, err)
		}
	})
}

func (d *tellingDesk) open(t *testing.T) []job.Incident {
	t.Helper()
	open, err := d.OpenIncidents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return open
}

// Before its end a token says how it is replaced while it is in use; one that is revoked, or lasts, is no entry that is told.
func TestCalendarHasTokens(t *testing.T) {
	d := credentialStore(t)
	defer d.close(t)
	now := time.Now()
	d.token(t, "1", "ci", now.AddDate(0, 0, 20))
	d.token(t, "2", "gone", now.AddDate(0, 0, 10))
	d.token(t, "3", "over", now.AddDate(0, 0, 1))
	if err := d.RevokeToken(t.Context(), "gone", "olivia"); err != nil {
		t.Fatal(err)
	}
	entries, err := Calendar(t.Context(), d, &config.Config{}, now.AddDate(0, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, e := range entries {
		lines = append(lines, fmt.Sprintf("%s %s %s %d: %s", e.Kind, e.Name, e.Says, e.Days, e.Do))
	}
	same(t, "calendar", lines, []string{
		"token over ends -1: make another of the same name (`haulier tokens create over`), which takes its place; or, if nobody needs it, end it: `haulier tokens revoke over`",
		"token ci ends 18: make another of another name (`haulier tokens create`), give it to whoever uses this one, then end this one: `haulier tokens revoke ci`",
	})
}
