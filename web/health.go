package web

import (
	"net/http"

	"github.com/haulier/haulier/web/route"
)

// health is asked by machines that restart what hangs: they look at the status only.
func (a *api) health(w http.ResponseWriter, r *http.Request) {
	var err error
	if a.Alive != nil {
		err = a.Alive(r.Context())
	}
	if err == nil {
		answer(w, http.StatusOK, Health{OK: true})
		return
	}
	p := problemOf(r, err)
	p.Status = http.StatusServiceUnavailable
	if route.Of(r.Context()).Role == route.Nobody { // the causes are for those who may see more
		p.Cause = "the daemon does not do its work"
	}
	p.Send(w)
}
