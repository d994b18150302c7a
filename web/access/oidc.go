package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// goToProvider sends a browser to log in elsewhere. Logins that are under way in other tabs of it go on.
func (g *Gate) goToProvider(w http.ResponseWriter, r *http.Request) {
	to := local(r.URL.Query().Get("to"))
	ctx, done, err := g.provider.turn(r.Context())
	if err != nil {
		g.silent(w, r, to, err)
		return
	}
	defer done()
	_, c, err := g.provider.config(ctx, g.Public.String())
	if unanswered(err) {
		g.silent(w, r, to, err)
		return
	}
	if err != nil {
		g.failOIDC(w, r, to, "what the provider says of itself cannot be used", err)
		return
	}
	browser, has := g.cookie(r, oidcCookie)
	if !has {
		browser = random(keyBytes)
	}
	a := attempt{nonce: random(keyBytes), verifier: oauth2.GenerateVerifier(), to: to, until: g.Now().Add(attemptFor)}
	g.setCookie(w, oidcCookie, browser, attemptFor)
	http.Redirect(w, r, c.AuthCodeURL(g.provider.seal.state(a, browser), oidc.Nonce(a.nonce), oauth2.S256ChallengeOption(a.verifier)), http.StatusSeeOther)
}

// comeBack begins the session of somebody whom the provider has sent back. The cookie stays until a login is through: nobody else ends one by
// having the browser come back with nothing.
func (g *Gate) comeBack(w http.ResponseWriter, r *http.Request) {
	browser, has := g.cookie(r, oidcCookie)
	a, good := g.provider.seal.attempt(r.URL.Query().Get("state"), browser, g.Now())
	if !has || !good {
		g.failOIDC(w, r, "/", "the login was not begun in this browser, or took too long", nil)
		return
	}
	if said := r.URL.Query().Get("error"); said != "" {
		g.failOIDC(w, r, a.to, "the provider says: "+clean(said), nil)
		return
	}
	claims, err := g.exchange(r.Context(), r.URL.Query().Get("code"), a)
	if unanswered(err) {
		g.silent(w, r, a.to, err)
		return
	}
	if err != nil {
		g.failOIDC(w, r, a.to, "what the provider sent back does not prove who you are", err)
		return
	}
	if err := g.enterAs(w, r, claims); err != nil {
		g.refuse(w, r, err)
		return
	}
	g.setCookie(w, oidcCookie, "", -1)
	http.Redirect(w, r, a.to, http.StatusSeeOther)
}

// exchange has the provider prove who has logged in.
func (g *Gate) exchange(ctx context.Context, code string, a attempt) (map[string]any, error) {
	ctx, done, err := g.provider.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	found, c, err := g.provider.config(ctx, g.Public.String())
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

// unanswered says that the provider was not heard at all, which says nothing about who asks.
func unanswered(err error) bool {
	var lost *url.Error
	return errors.Is(err, errManyWait) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &lost)
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
	return g.begin(w, r, job.Login{User: name, From: job.LoginOIDC, Role: string(role), Sight: sight}, "")
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

// failOIDC answers a login at the provider that came to nothing.
func (g *Gate) failOIDC(w http.ResponseWriter, r *http.Request, to, cause string, err error) {
	g.sorry(w, r, to, refused(http.StatusUnauthorized, "access.oidc", cause, "try again; if it stays so, the log of the daemon says more"), err)
}

// silent answers somebody whom the provider keeps waiting.
func (g *Gate) silent(w http.ResponseWriter, r *http.Request, to string, err error) {
	answer := refused(http.StatusServiceUnavailable, "access.oidc_silent", "the provider that people log in at does not answer",
		"try again in a minute, or log in with a user of this machine; haulier doctor and the log of the daemon say more")
	answer.wait = silentFor
	g.sorry(w, r, to, answer, err)
}

// sorry answers with the page of the login: a user with a password of ours gets in whatever becomes of the provider.
func (g *Gate) sorry(w http.ResponseWriter, r *http.Request, to string, answer *refusal, err error) {
	if err != nil {
		g.Log.Warn("a login at the provider failed", "issuer", g.OIDC.Issuer, "error", clean(err.Error()))
	}
	if !wantsPage(r) {
		g.refuse(w, r, answer)
		return
	}
	g.retryAfter(w, answer)
	g.page(w, answer.status, view{Login: true, To: to, Reason: &answer.Reason})
}
