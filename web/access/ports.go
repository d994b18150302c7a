package access

import (
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Users are the people with a password of ours.
type Users interface {
	// User gives a user and the hash of the password; job.ErrNotFound when there is none.
	User(ctx context.Context, name string) (u job.User, password string, err error)
}

// Tries counts logins before they are looked at.
type Tries interface {
	// TryLogin counts one, or says how long account or address have to wait.
	TryLogin(ctx context.Context, account, address string) (wait time.Duration, err error)
}

// Sessions are the logins of people in browsers, by the hash of the secret that the browser keeps.
type Sessions interface {
	// BeginSession keeps a session in place of another, with its line in the audit list. password is the hash that was looked at, of a user of
	// ours; job.ErrStale: it is another by now.
	BeginSession(ctx context.Context, s job.Login, instead []byte, password string) error
	Session(ctx context.Context, hash []byte) (job.Login, error)
	SeeSession(ctx context.Context, hash []byte, at time.Time) error
	// EndSession ends one; by, if anybody asks for that, goes to the audit list.
	EndSession(ctx context.Context, hash []byte, by string) error
}

// Tokens are what programs show.
type Tokens interface {
	Token(ctx context.Context, id string) (t job.Token, hash []byte, err error)
	UseToken(ctx context.Context, id string, at time.Time) error
}

// Owners know whose things are.
type Owners interface {
	// Owns says whether there is a rule for whose objects of a kind are.
	Owns(kind string) bool
	// Owner gives the entity whose an object is; not found is also what belongs to nobody.
	Owner(ctx context.Context, kind, name string) (entity string, found bool, err error)
}

// Book is the audit list.
type Book interface {
	Act(ctx context.Context, who, act, object, detail string) error
}

// Store is all of the above, in one place.
type Store interface {
	Users
	Tries
	Sessions
	Tokens
	Owners
	Book
}

// Options of a gate.
type Options struct {
	Store  Store
	Log    *slog.Logger
	Now    func() time.Time // nil: time.Now
	Listen string           // host:port, as configured
	Public *url.URL         // how people reach it; nil: by Listen
	TLS    bool             // spoken by this process
	// Idle and Absolute end sessions; zero: 30 minutes without a request, 12 hours.
	Idle, Absolute time.Duration
	Proxy          Proxy
	OIDC           *OIDC // nil: none
}

// Proxy is what may stand between people and us. The zero value: nothing does.
type Proxy struct {
	Trusted  []netip.Prefix // who may say for whom it asks; others' headers are dropped
	User     string         // header with the name of who has logged in there; empty: it logs nobody in
	Roles    string         // header with groups, or with the role itself
	Entities string         // header with entities, by commas; empty: everything is seen
	Map      Roles          // groups that make a role; empty: the header is the role
}

// OIDC is a provider that people log in at.
type OIDC struct {
	Issuer   string
	Client   string
	Secret   func(ctx context.Context) (secret.Text, error)
	Scopes   []string // beside openid
	Name     string   // claim with the name for the audit list; empty: preferred_username, email or sub
	Roles    string   // claim with groups
	Entities string   // claim with entities; empty: everything is seen
	Map      Roles
}

// Roles say which groups make a role.
type Roles map[route.Role][]string

// of gives the highest role that the groups make.
func (m Roles) of(groups []string) route.Role {
	for _, role := range []route.Role{route.Admin, route.Operator, route.Viewer} {
		for _, group := range groups {
			for _, mapped := range m[role] {
				if mapped == group {
					return role
				}
			}
		}
	}
	return route.Nobody
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Idle == 0 {
		o.Idle = 30 * time.Minute
	}
	if o.Absolute == 0 {
		o.Absolute = 12 * time.Hour
	}
	return o
}

// secure says that browsers come over TLS, to us or to the proxy before us.
func (o Options) secure() bool { return o.TLS || o.Public != nil && o.Public.Scheme == "https" }
