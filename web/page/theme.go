package page

import (
	"net/http"
	"strings"
)

const themeCookie = "haulier_theme"

// themeOf is light, dark, or empty: as the system says.
func themeOf(r *http.Request) string {
	cookie, err := r.Cookie(themeCookie)
	if err == nil && (cookie.Value == "light" || cookie.Value == "dark") {
		return cookie.Value
	}
	return ""
}

// theme keeps what somebody wants, for a year.
func (p *pages) theme(w http.ResponseWriter, r *http.Request) {
	cookie := &http.Cookie{Name: themeCookie, Path: "/", MaxAge: 365 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil}
	switch want := r.PostFormValue("theme"); want {
	case "light", "dark":
		cookie.Value = want
	default:
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
	guard(w.Header())
	http.Redirect(w, r, backOf(r), http.StatusSeeOther)
}

// backOf is where a form wants to lead back to: a place on these pages, and no other.
func backOf(r *http.Request) string {
	back := r.PostFormValue("back")
	if len(back) > 2000 || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n\t") {
		return "/"
	}
	return back
}
