package page

import (
	"net/http"

	"github.com/haulier/haulier/job"
)

type keysListed struct {
	SSH, PGP, Customers []job.Key
}

func (p *pages) keys(r *http.Request) (view, error) {
	var listed keysListed
	for _, part := range []struct {
		kind job.KeyKind
		into *[]job.Key
	}{{job.KeySSH, &listed.SSH}, {job.KeyPGP, &listed.PGP}, {job.KeyPGPPublic, &listed.Customers}} {
		keys, err := p.Options.Keys.Keys(r.Context(), part.kind, "")
		if err != nil {
			return view{}, err
		}
		*part.into = keys[:min(len(keys), keysMost)]
	}
	return view{Title: "Keys", Section: "keys", Body: "keys", Data: listed}, nil
}

// keysMost is how many keys of a kind are shown.
const keysMost = 500

func (p *pages) help(*http.Request) (view, error) {
	return view{Title: "Help", Body: "help"}, nil
}
