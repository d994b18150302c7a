package access

import (
	"net/http"
	"time"

	"github.com/haulier/haulier/web/route"
)

// Names of cookies.
const (
	sessionCookie = "haulier_session"
	oidcCookie    = "haulier_oidc"
)

func (g *Gate) cookies() route.Cookies { return route.Cookies{Secure: g.secure()} }

// cookie gives the value of a cookie that is a key of ours.
func (g *Gate) cookie(r *http.Request, name string) (string, bool) {
	value, found := g.cookies().Get(r, name)
	if !found || !areLetters(value, keyBytes) {
		return "", false
	}
	return value, true
}

// setCookie lets the browser keep a value; an age below zero lets it forget.
func (g *Gate) setCookie(w http.ResponseWriter, name, value string, age time.Duration) {
	g.cookies().Set(w, name, value, age)
}
