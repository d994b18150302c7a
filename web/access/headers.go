package access

import "net/http"

// policy lets pages load what this program serves, and nothing else; nothing stands in the page itself, and no other page
// may show one of ours inside it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// head sets what every answer carries. Handlers may say otherwise of caching, and of nothing else.
func (g *Gate) head(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if g.secure() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
