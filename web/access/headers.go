package access

import (
	"net/http"

	"github.com/haulier/haulier/web/route"
)

// head sets what every answer carries.
func (g *Gate) head(w http.ResponseWriter) {
	route.Protect(w.Header())
	if g.secure() {
		w.Header().Set("Strict-Transport-Security", "max-age=31536000")
	}
}
