package access

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	// providerFor is the patience with a provider: for each of its answers, and for all that one login asks it.
	providerFor = 10 * time.Second
	// silentFor is how long a provider that did not answer is left alone.
	silentFor = 5 * time.Second
	// atProviderMost bounds how many requests wait for a provider at once.
	atProviderMost = 64
	// providerMost bounds an answer of the provider, in bytes.
	providerMost = 1 << 20
)

// errManyWait: as many wait for the provider as are let.
var errManyWait = errors.New("too many logins wait for the provider")

// provider is where people log in. It is asked for its addresses at the first login, and again after a failure: haulier
// starts without it. Nobody waits for it under a lock, and nobody longer than providerFor.
type provider struct {
	OIDC
	http *http.Client
	seal *sealer
	wait chan struct{}
	now  func() time.Time

	mu      sync.Mutex
	found   *oidc.Provider
	finding *finding // somebody asks, or has just asked in vain
}

// finding is one question for the addresses; all who come meanwhile wait for its answer.
type finding struct {
	done  chan struct{}
	found *oidc.Provider
	err   error
	until time.Time // a failure counts as long
}

func newProvider(o OIDC, now func() time.Time) *provider {
	return &provider{
		OIDC: o, http: &http.Client{Timeout: providerFor, Transport: bounded{http.DefaultTransport}}, seal: newSealer(), wait: make(chan struct{}, atProviderMost), now: now,
	}
}

func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

// turn lets one more wait for the provider, in bounded time.
func (p *provider) turn(ctx context.Context) (bound context.Context, done func(), err error) {
	select {
	case p.wait <- struct{}{}:
	default:
		return nil, nil, errManyWait
	}
	bound, cancel := context.WithTimeout(p.context(ctx), providerFor)
	return bound, func() { cancel(); <-p.wait }, nil
}

// find gives the provider's addresses and keys. What it keeps outlives the request that asked first.
func (p *provider) find(ctx context.Context) (*oidc.Provider, error) {
	f := p.ask(ctx)
	select {
	case <-f.done:
		return f.found, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ask begins to ask, unless somebody does.
func (p *provider) ask(ctx context.Context) *finding {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return &finding{done: closed, found: p.found}
	}
	if f := p.finding; f != nil && (f.until.IsZero() || p.now().Before(f.until)) {
		return f
	}
	f := &finding{done: make(chan struct{})}
	p.finding = f
	go p.answer(context.WithoutCancel(ctx), f)
	return f
}

func (p *provider) answer(ctx context.Context, f *finding) {
	ctx, cancel := context.WithTimeout(p.context(ctx), providerFor)
	defer cancel()
	found, err := oidc.NewProvider(ctx, p.Issuer)
	if err == nil {
		err = inClear(p.Issuer, found)
	}
	if err != nil {
		found = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found, f.found, f.err, f.until = found, found, err, p.now().Add(silentFor)
	close(f.done)
}

// inClear refuses a provider over TLS that leads to places without: whoever stands in between would log in as anybody.
func inClear(issuer string, found *oidc.Provider) error {
	var places struct {
		Auth  string `json:"authorization_endpoint"`
		Token string `json:"token_endpoint"`
		Keys  string `json:"jwks_uri"`
	}
	if err := found.Claims(&places); err != nil || !strings.HasPrefix(issuer, "https://") {
		return err
	}
	for _, place := range []string{places.Auth, places.Token, places.Keys} {
		if !strings.HasPrefix(place, "https://") {
			return fmt.Errorf("the provider leads from https to %q", clean(place))
		}
	}
	return nil
}

var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// config is how the provider is asked; base is our own address.
func (p *provider) config(ctx context.Context, base string) (*oidc.Provider, *oauth2.Config, error) {
	found, err := p.find(ctx)
	if err != nil {
		return nil, nil, err
	}
	c := &oauth2.Config{
		ClientID: p.Client, Endpoint: found.Endpoint(), RedirectURL: strings.TrimSuffix(base, "/") + "/login/oidc/callback",
		Scopes: append([]string{oidc.ScopeOpenID}, p.Scopes...),
	}
	if p.Secret == nil {
		return found, c, nil
	}
	text, err := p.Secret(ctx)
	c.ClientSecret = string(text.Reveal())
	return found, c, err
}

// bounded cuts answers off that are too long to be any.
type bounded struct{ http.RoundTripper }

// RoundTrip answers a request.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, providerMost), answer.Body}
	}
	return answer, err
}
