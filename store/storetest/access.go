package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func usersAndTheirSessions(t *testing.T, b bundle) {
	ctx := t.Context()
	ok(t, b.AddUser(ctx, job.User{Name: "ann", Role: "admin"}, "hash", "root"))
	ok(t, b.AddUser(ctx, job.User{Name: "bob", Role: "viewer", Sight: job.Sight{"one"}}, "hash2", "root"))
	wants(t, b.AddUser(ctx, job.User{Name: "ann", Role: "viewer"}, "other", "root"), job.ErrExists)
	u, hash, err := b.User(ctx, "bob")
	ok(t, err)
	same(t, "bob", []any{u.Role, u.Sight, hash}, []any{"viewer", job.Sight{"one"}, "hash2"})
	_, _, err = b.User(ctx, "x' OR '1'='1")
	wants(t, err, job.ErrNotFound)

	login := func(hash, user, from string) job.Login {
		return job.Login{Hash: []byte(hash), User: user, From: from, Role: "viewer", Sight: job.Sight{"two"}, Begun: b.clock.Now(), Seen: b.clock.Now(), Address: "home"}
	}
	password := "hash2"
	begin := func(hash, user, from string, instead []byte) {
		ok(t, b.BeginSession(ctx, login(hash, user, from), instead, password))
	}
	begin("s1", "bob", job.LoginLocal, nil)
	begin("s2", "bob", job.LoginOIDC, nil)
	line := must[[]store.AuditLine](t)(b.Audit(ctx, 0, 1))[0]
	same(t, "line of a login", []any{line.Who, line.Act, line.Object, line.Detail}, []any{"oidc:bob", "user.login", "oidc:bob", "from home as viewer"})
	wants(t, b.BeginSession(ctx, login("s9", "nobody", job.LoginLocal), nil, ""), job.ErrNotFound)
	same(t, "rights of a local user are those of the user", must[job.Login](t)(b.Session(ctx, []byte("s1"))).Sight, job.Sight{"one"})
	same(t, "those of another are of the login", must[job.Login](t)(b.Session(ctx, []byte("s2"))).Sight, job.Sight{"two"})
	begin("s3", "bob", job.LoginLocal, []byte("s1"))
	_, err = b.Session(ctx, []byte("s1"))
	wants(t, err, job.ErrNotFound) // another took its place
	ok(t, b.ChangeUser(ctx, job.User{Name: "bob", Role: "operator"}, "root", false))
	for _, hash := range []string{"s2", "s3"} {
		_, err = b.Session(ctx, []byte(hash))
		wants(t, err, job.ErrNotFound) // with other rights people log in again
	}
	begin("s4", "bob", job.LoginLocal, nil)
	ok(t, b.SetPassword(ctx, "bob", "hash3", "root"))
	_, err = b.Session(ctx, []byte("s4"))
	wants(t, err, job.ErrNotFound)
	wants(t, b.BeginSession(ctx, login("s4", "bob", job.LoginLocal), nil, password), job.ErrStale) // the old password was looked at meanwhile
	_, err = b.Session(ctx, []byte("s4"))
	wants(t, err, job.ErrNotFound)
	password = "hash3"
	begin("s6", "bob", job.LoginLocal, nil)
	before := len(must[[]store.AuditLine](t)(b.Audit(ctx, 0, 0)))
	ok(t, b.EndSession(ctx, []byte("s6"), "bob"))
	ok(t, b.EndSession(ctx, []byte("s6"), "bob")) // it is over
	same(t, "lines of a logout", len(must[[]store.AuditLine](t)(b.Audit(ctx, 0, 0)))-before, 1)
	begin("s5", "bob", job.LoginLocal, nil)
	ok(t, b.RemoveUser(ctx, "bob", "root", false))
	_, err = b.Session(ctx, []byte("s5"))
	wants(t, err, job.ErrNotFound)
	wants(t, b.RemoveUser(ctx, "bob", "root", false), job.ErrNotFound)
	wants(t, b.SetPassword(ctx, "bob", "x", "root"), job.ErrNotFound)
}

func theLastAdminStays(t *testing.T, b bundle) {
	ctx := t.Context()
	ok(t, b.AddUser(ctx, job.User{Name: "ann", Role: "admin"}, "h", "root"))
	ok(t, b.AddUser(ctx, job.User{Name: "bob", Role: "admin", Sight: job.Sight{"one"}}, "h", "root")) // not of everything
	wants(t, b.RemoveUser(ctx, "ann", "root", false), store.ErrLastAdmin)
	wants(t, b.ChangeUser(ctx, job.User{Name: "ann", Role: "operator"}, "root", false), store.ErrLastAdmin)
	wants(t, b.ChangeUser(ctx, job.User{Name: "ann", Role: "admin", Sight: job.Sight{"one"}}, "root", false), store.ErrLastAdmin)
	ok(t, b.RemoveUser(ctx, "bob", "root", false))
	ok(t, b.RemoveUser(ctx, "ann", "root", true))
	same(t, "users", len(must[[]job.User](t)(b.Users(ctx))), 0)
}

func sessionsAreBounded(t *testing.T, b bundle) {
	ctx := t.Context()
	for i := range 50 {
		b.clock.Add(time.Second)
		ok(t, b.BeginSession(ctx, job.Login{Hash: fmt.Appendf(nil, "s%d", i), User: "ann", From: job.LoginOIDC, Begun: b.clock.Now(), Seen: b.clock.Now()}, nil, ""))
	}
	_, err := b.Session(ctx, []byte("s29"))
	wants(t, err, job.ErrNotFound)
	must[job.Login](t)(b.Session(ctx, []byte("s30")))
	same(t, "ended", must[int64](t)(b.EndSessions(ctx, "ann", "root")), int64(20))
	_, err = b.Session(ctx, []byte("s49"))
	wants(t, err, job.ErrNotFound)
}

func tokensAreKeptByTheirHash(t *testing.T, b bundle) {
	ctx := t.Context()
	token := job.Token{ID: "aa", Name: "platform", Role: "operator", Sight: job.Sight{"one"}, By: "root", Expires: b.clock.Now().Add(time.Hour)}
	ok(t, b.AddToken(ctx, token, []byte{1, 2}))
	token.ID = "bb"
	wants(t, b.AddToken(ctx, token, []byte{3}), job.ErrExists)
	ok(t, b.UseToken(ctx, "aa", b.clock.Now()))
	got, hash, err := b.Token(ctx, "aa")
	ok(t, err)
	same(t, "token", []any{got.Name, got.Role, got.Sight, got.Used.IsZero(), hash, got.Expires.Equal(token.Expires)},
		[]any{"platform", "operator", job.Sight{"one"}, false, []byte{1, 2}, true})
	ok(t, b.RevokeToken(ctx, "platform", "root"))
	wants(t, b.RevokeToken(ctx, "platform", "root"), job.ErrNotFound)
	ok(t, b.AddToken(ctx, token, []byte{3})) // the name is free again
	same(t, "tokens", len(must[[]job.Token](t)(b.Tokens(ctx))), 2)
	_, _, err = b.Token(ctx, "zz")
	wants(t, err, job.ErrNotFound)
}

func refusedLoginsWait(t *testing.T, b bundle) {
	ctx := t.Context()
	try := func(account, address string) time.Duration {
		return must[time.Duration](t)(b.TryLogin(ctx, account, address))
	}
	tried := 0
	for range 10_000 { // a try a second, all from other addresses: 2 h 46
		if try("ann", fmt.Sprintf("10.0.%d.%d", tried/250, tried%250)) == 0 {
			tried++
		}
		b.clock.Add(time.Second)
	}
	if tried < 15 || tried > 30+3*30 { // thirty an hour from addresses that are new
		t.Errorf("of 10,000 tries at one account %d were looked at", tried)
	}
	for range 30 {
		tried++
		try("ann", fmt.Sprintf("10.1.0.%d", tried))
	}
	if wait := try("ann", "192.0.2.1"); wait <= 0 || wait > 15*time.Minute {
		t.Errorf("the account waits %v", wait)
	}
	if wait := try("bob", "192.0.2.1"); wait != 0 {
		t.Errorf("another account waits %v", wait)
	}
	looked := 0
	for i := range 1000 { // many accounts from one address
		if try(fmt.Sprintf("u%d", i), "192.0.2.7") == 0 {
			looked++
		}
	}
	if looked < 20 || looked > 25 { // a wait of a second may end meanwhile
		t.Errorf("of 1,000 tries from one address %d were looked at", looked)
	}
	b.clock.Add(25 * time.Hour)
	same(t, "a day later", try("ann", "192.0.2.1"), time.Duration(0))
}

// Where somebody has logged in before, tries from elsewhere shut nobody out.
func knownAddressesAreNotShutOut(t *testing.T, b bundle) {
	ctx := t.Context()
	ok(t, b.AddUser(ctx, job.User{Name: "ann", Role: "admin"}, "h", "root"))
	same(t, "first", must[time.Duration](t)(b.TryLogin(ctx, "ann", "home")), time.Duration(0))
	ok(t, b.BeginSession(ctx, job.Login{Hash: []byte("s"), User: "ann", From: job.LoginLocal, Begun: b.clock.Now(), Address: "home"}, nil, "h"))
	for range 3 * 24 * 60 { // a stranger, day and night
		must[time.Duration](t)(b.TryLogin(ctx, "ann", "elsewhere"))
		b.clock.Add(time.Minute)
	}
	if must[time.Duration](t)(b.TryLogin(ctx, "ann", "elsewhere")) == 0 {
		t.Error("the account does not wait")
	}
	same(t, "on the way", must[time.Duration](t)(b.TryLogin(ctx, "ann", "third")), time.Duration(0))
	if must[time.Duration](t)(b.TryLogin(ctx, "ann", "third")) == 0 {
		t.Error("the account does not wait where a login was refused")
	}
	same(t, "at home", must[time.Duration](t)(b.TryLogin(ctx, "ann", "home")), time.Duration(0))
	for range 100 {
		must[time.Duration](t)(b.TryLogin(ctx, "ann", "home"))
	}
	if must[time.Duration](t)(b.TryLogin(ctx, "ann", "home")) == 0 {
		t.Error("at home nobody waits, however often")
	}
	ok(t, b.SetPassword(ctx, "ann", "h2", "root")) // on the machine there is always a way back
	same(t, "after a new password", must[time.Duration](t)(b.TryLogin(ctx, "ann", "third")), time.Duration(0))
}

func objectsHaveOwners(t *testing.T, b bundle) {
	ctx := t.Context()
	runs := b.tenants(t)
	must[time.Time](t)(b.Loaded(ctx, "jc1", "c1", b.clock.Now()))
	_, err := b.Raise(ctx, "connection/c1/net.refused", "", job.Reason{Slug: "net.refused"}, b.clock.Now())
	ok(t, err)
	_, err = b.Raise(ctx, "config/config.rejected_on_reload", "", job.Reason{Slug: "config.rejected_on_reload"}, b.clock.Now())
	ok(t, err)
	for _, c := range []struct {
		kind, name, owner string
		found             bool
	}{
		{"connection", "c0", "one", true}, {"connection", "c2", "", true}, {"connection", "c9", "", false}, {"connection", "c0' OR '1'='1", "", false},
		{"run", fmt.Sprint(runs[0].ID), "one", true}, {"run", fmt.Sprint(runs[1].ID), "two", true}, {"run", "99", "", false}, {"run", "1 OR 1=1", "", false},
		{"run", "", "", false}, {"file", "1", "one", true}, {"file", "2", "two", true}, {"file", "9223372036854775808", "", false},
		{"incident", "1", "two", true}, {"incident", "2", "", false}, {"incident", "x", "", false}, {"job", "nope", "", false}, {"job", "jc1", "two", true},
	} {
		owner, found, err := b.Owner(ctx, c.kind, c.name)
		ok(t, err)
		same(t, c.kind+" "+c.name, []any{owner, found}, []any{c.owner, c.found})
	}
	if _, found, err := b.Owner(ctx, "thing", "1"); err == nil || found {
		t.Error("an unknown kind has an owner")
	}
}
