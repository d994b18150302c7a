package access

import (
	"net/http"
	"time"
)

// Names of cookies. The prefix is the browser's promise that nobody but this host has set it, over TLS.
const (
	hostPrefix    = "__Host-"
	sessionCookie = "haulier_session"
	oidcCookie    = "haulier_oidc"
)

func (g *Gate) cookieName(name string) string {
	if g.secure() {
		return hostPrefix + name
	}
	return name
}

// cookie gives the value of a cookie of ours, and nothing where a browser sends several of that name: somebody else has set one.
func (g *Gate) cookie(r *http.Request, name string) (string, bool) {
	found := r.CookiesNamed(g.cookieName(name))
	if len(found) != 1 || !areLetters(found[0].Value, keyBytes) {
		return "", false
	}
	return found[0].Value, true
}

// setCookie lets the browser keep a value; an age below zero lets it forget.
func (g *Gate) setCookie(w http.ResponseWriter, name, value string, age time.Duration) {
	seconds := int(age / time.Second)
	if age < 0 {
		seconds = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: g.cookieName(name), Value: value, Path: "/", MaxAge: seconds, Secure: g.secure(), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
