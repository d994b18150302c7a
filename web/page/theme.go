package page

import (
	"net/http"
	"strings"
	"time"

	"github.com/haulier/haulier/web/route"
)

const themeCookie = "haulier_theme"

// themeOf is light, dark, or empty: as the system says.
func themeOf(r *http.Request) string {
	if theme, _ := route.CookiesOf(r.Context()).Get(r, themeCookie); theme == "light" || theme == "dark" {
		return theme
	}
	return ""
}

// theme keeps what somebody wants, for a year.
func (p *pages) theme(w http.ResponseWriter, r *http.Request) {
	cookies := route.CookiesOf(r.Context())
	switch want := r.PostFormValue("theme"); want {
	case "light", "dark":
		cookies.Set(w, themeCookie, want, 365*24*time.Hour)
	default:
		cookies.Set(w, themeCookie, "", -1)
	}
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
