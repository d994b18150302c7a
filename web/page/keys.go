package page

import (
	"net/http"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

type keysListed struct {
	Calendar            []dated
	Later               int  // entries of the calendar beyond those
	Whole               bool // the keys themselves are shown: they belong to no entity
	SSH, PGP, Customers []job.Key
}

func (p *pages) keys(r *http.Request) (view, error) {
	sight := route.Of(r.Context()).Sight
	listed := keysListed{Whole: sight.Whole()}
	entries, err := p.Options.Keys.CredentialCalendar(r.Context(), sight)
	if err != nil {
		return view{}, err
	}
	listed.Later = max(0, len(entries)-datesMost)
	for _, e := range entries[:len(entries)-listed.Later] {
		listed.Calendar = append(listed.Calendar, dated{e})
	}
	if listed.Whole {
		err = p.fillKeys(r, &listed)
	}
	return view{Title: "Keys", Section: "keys", Body: "keys", Data: listed}, err
}

// datesMost is how many dates the calendar shows.
const datesMost = 200

// soonDays is how many days ahead the end of a credential is a warning: from then on people are told.
const soonDays = 30

// dated is an entry of the calendar.
type dated struct{ job.CalendarEntry }

// Word says how it stands with an entry.
func (d dated) Word() string {
	switch ends := d.Says == job.EntryEnds; {
	case ends && d.Days <= 0: // what is to come has a day left, at least
		return "ended"
	case ends && d.Days <= soonDays:
		return "ends soon"
	case ends:
		return "ends"
	case d.Says == job.EntryAge && d.Days <= 0:
		return "old"
	case d.Says == job.EntryAge:
		return "grows old"
	case d.Says == job.EntryWaits:
		return "waits"
	}
	return "noted"
}

// Left is how many days are left, or gone.
func (d dated) Left() string {
	switch {
	case d.Days == 0:
		return "today"
	case d.Days < 0:
		return count(-d.Days, "day") + " ago"
	}
	return "in " + count(d.Days, "day")
}

func (p *pages) fillKeys(r *http.Request, listed *keysListed) error {
	for _, part := range []struct {
		kind job.KeyKind
		into *[]job.Key
	}{{job.KeySSH, &listed.SSH}, {job.KeyPGP, &listed.PGP}, {job.KeyPGPPublic, &listed.Customers}} {
		keys, err := p.Options.Keys.Keys(r.Context(), part.kind, "")
		if err != nil {
			return err
		}
		*part.into = keys[:min(len(keys), keysMost)]
	}
	return nil
}

// keysMost is how many keys of a kind are shown.
const keysMost = 500

func (p *pages) help(*http.Request) (view, error) {
	return view{Title: "Help", Body: "help"}, nil
}
