package route

import (
	"context"
	"net/http"
	"time"
)

// Cookies keep values in the browser of who asks. The gate knows whether browsers come over TLS, to us or to a proxy before us, and
// hands them to handlers; what nobody handed over is that of a browser that comes without.
type Cookies struct {
	Secure bool // browsers come over TLS
}

// hostPrefix is the browser's promise that nobody but this host has set a cookie, over TLS.
const hostPrefix = "__Host-"

// Name is the name that the browser knows a cookie by.
func (c Cookies) Name(name string) string {
	if c.Secure {
		return hostPrefix + name
	}
	return name
}

// Get gives the value of a cookie of ours, and nothing where a browser sends several of that name: somebody else has set one.
func (c Cookies) Get(r *http.Request, name string) (value string, found bool) {
	all := r.CookiesNamed(c.Name(name))
	if len(all) != 1 {
		return "", false
	}
	return all[0].Value, true
}

// Set lets the browser keep a value; an age below zero lets it forget.
func (c Cookies) Set(w http.ResponseWriter, name, value string, age time.Duration) {
	seconds := int(age / time.Second)
	if age < 0 {
		seconds = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: c.Name(name), Value: value, Path: "/", MaxAge: seconds, Secure: c.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

type jar struct{}

// WithCookies puts how cookies are kept into the context of a request.
func WithCookies(ctx context.Context, c Cookies) context.Context {
	return context.WithValue(ctx, jar{}, c)
}

// CookiesOf gives how cookies are kept.
func CookiesOf(ctx context.Context) Cookies {
	c, _ := ctx.Value(jar{}).(Cookies)
	return c
}
