package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

const (
	attemptsMost = 1000 // people who are at the provider at the same time
	attemptFor   = 10 * time.Minute
	providerFor  = 20 * time.Second // the patience with a provider
)

// provider is where people log in. It is asked for its addresses at the first login, and again after a failure: haulier
// starts without it.
type provider struct {
	OIDC
	http *http.Client

	mu       sync.Mutex
	found    *oidc.Provider
	attempts map[string]attempt // by state
}

// attempt is one login on its way.
type attempt struct {
	browser  []byte // hash of the cookie of who began it
	nonce    string
	verifier string
	to       string
	until    time.Time
}

func newProvider(o OIDC) *provider {
	return &provider{OIDC: o, http: &http.Client{Timeout: providerFor}, attempts: map[string]attempt{}}
}

func (p *provider) context(ctx context.Context) context.Context {
	return oidc.ClientContext(ctx, p.http)
}

// find gives the provider's addresses and keys. What it keeps outlives the request that asked first.
func (p *provider) find(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	found, err := oidc.NewProvider(p.context(context.WithoutCancel(ctx)), p.Issuer)
	if err != nil {
		return nil, err
	}
	p.found = found
	return found, nil
}

// remember keeps an attempt; the oldest goes when there are very many.
func (p *provider) remember(state string, a attempt, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	oldest := ""
	for s, other := range p.attempts {
		if other.until.Before(now) {
			delete(p.attempts, s)
		} else if oldest == "" || other.until.Before(p.attempts[oldest].until) {
			oldest = s
		}
	}
	if len(p.attempts) >= attemptsMost {
		delete(p.attempts, oldest)
	}
	p.attempts[state] = a
}

// take gives an attempt, once.
func (p *provider) take(state string, now time.Time) (attempt, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, found := p.attempts[state]
	delete(p.attempts, state)
	return a, found && now.Before(a.until)
}

func (g *Gate) oauth(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	found, err := g.provider.find(ctx)
	if err != nil {
		return nil, nil, err
	}
	c := &oauth2.Config{
		ClientID: g.OIDC.Client, Endpoint: found.Endpoint(), RedirectURL: strings.TrimSuffix(g.Public.String(), "/") + "/login/oidc/callback",
		Scopes: append([]string{oidc.ScopeOpenID}, g.OIDC.Scopes...),
	}
	if g.OIDC.Secret != nil {
		text, err := g.OIDC.Secret(ctx)
		if err != nil {
			return nil, nil, err
		}
		c.ClientSecret = string(text.Reveal())
	}
	return found, c, nil
}

// goToProvider sends a browser to log in elsewhere.
func (g *Gate) goToProvider(w http.ResponseWriter, r *http.Request) {
	_, c, err := g.oauth(r.Context())
	if err != nil {
		g.failOIDC(w, r, "the provider does not answer", err)
		return
	}
	state, browser := random(keyBytes), random(keyBytes)
	a := attempt{
		browser: hashOf(browser), nonce: random(keyBytes), verifier: oauth2.GenerateVerifier(), to: local(r.URL.Query().Get("to")), until: g.Now().Add(attemptFor),
	}
	g.provider.remember(state, a, g.Now())
	g.setCookie(w, oidcCookie, browser, attemptFor)
	http.Redirect(w, r, c.AuthCodeURL(state, oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)), http.StatusSeeOther)
}

// comeBack begins the session of somebody whom the provider has sent back.
func (g *Gate) comeBack(w http.ResponseWriter, r *http.Request) {
	browser, has := g.cookie(r, oidcCookie)
	a, known := g.provider.take(r.URL.Query().Get("state"), g.Now())
	g.setCookie(w, oidcCookie, "", -1)
	if !has || !known || subtle.ConstantTimeCompare(a.browser, hashOf(browser)) != 1 {
		g.failOIDC(w, r, "the login was not begun in this browser, or took too long", nil)
		return
	}
	if said := r.URL.Query().Get("error"); said != "" {
		g.failOIDC(w, r, "the provider says: "+clean(said), nil)
		return
	}
	claims, err := g.exchange(r.Context(), r.URL.Query().Get("code"), a)
	if err != nil {
		g.failOIDC(w, r, "what the provider sent back does not prove who you are", err)
		return
	}
	if err := g.enterAs(w, r, claims); err != nil {
		g.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, a.to, http.StatusSeeOther)
}

// exchange has the provider prove who has logged in.
func (g *Gate) exchange(ctx context.Context, code string, a attempt) (map[string]any, error) {
	ctx, cancel := context.WithTimeout(g.provider.context(ctx), providerFor)
	defer cancel()
	found, c, err := g.oauth(ctx)
	if err != nil {
		return nil, err
	}
	got, err := c.Exchange(ctx, code, oauth2.VerifierOption(a.verifier))
	if err != nil {
		return nil, fmt.Errorf("exchange the code: %w", bare(err))
	}
	raw, _ := got.Extra("id_token").(string)
	id, err := found.Verifier(&oidc.Config{ClientID: g.OIDC.Client, Now: g.Now}).Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("verify the token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(a.nonce)) != 1 {
		return nil, errors.New("the token is of another login")
	}
	claims := map[string]any{}
	return claims, id.Claims(&claims)
}

// bare leaves out what the provider answered with, but for its status and a code: it was sent our secret, and may say it back.
func bare(err error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		return err
	}
	code := answer.ErrorCode
	if strings.Trim(code, "abcdefghijklmnopqrstuvwxyz_") != "" || len(code) > 40 {
		code = "without a code of the standard"
	}
	return fmt.Errorf("the provider answered %d %s", answer.Response.StatusCode, code)
}

// enterAs begins a session with what the claims say.
func (g *Gate) enterAs(w http.ResponseWriter, r *http.Request, claims map[string]any) error {
	name := g.nameIn(claims)
	role := g.OIDC.Map.of(textsOf(claims, g.OIDC.Roles))
	if name == "" || role == route.Nobody {
		return noRole("oidc:" + name)
	}
	var sight job.Sight
	if g.OIDC.Entities != "" {
		sight = sightOf(textsOf(claims, g.OIDC.Entities))
	}
	ctx := context.WithoutCancel(r.Context())
	if err := g.Store.Act(ctx, "oidc:"+name, "user.login", "oidc:"+name, "from "+counted(g.client(r))+" as "+string(role)); err != nil {
		return err
	}
	return g.begin(w, r, job.Login{User: name, From: job.LoginOIDC, Role: string(role), Sight: sight})
}

func (g *Gate) nameIn(claims map[string]any) string {
	keys := []string{"preferred_username", "email", "sub"}
	if g.OIDC.Name != "" {
		keys = []string{g.OIDC.Name}
	}
	for _, key := range keys {
		if texts := textsOf(claims, key); len(texts) == 1 && clean(texts[0]) != "" {
			return clean(texts[0])
		}
	}
	return ""
}

// textsOf gives the texts of a claim, a single one or a list; dots lead into sections.
func textsOf(claims map[string]any, key string) []string {
	value, found := claims[key]
	if first, rest, cut := strings.Cut(key, "."); !found && cut {
		inner, _ := claims[first].(map[string]any)
		return textsOf(inner, rest)
	}
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var texts []string
		for _, item := range v {
			if text, is := item.(string); is {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}

func (g *Gate) failOIDC(w http.ResponseWriter, r *http.Request, cause string, err error) {
	if err != nil {
		g.Log.Warn("a login at the provider failed", "issuer", g.OIDC.Issuer, "error", err)
	}
	g.refuse(w, r, refused(http.StatusUnauthorized, "access.oidc", cause, "try again; if it stays so, the log of the daemon says more"))
}
