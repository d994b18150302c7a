package page

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// connectionLine is a connection in a list.
type connectionLine struct {
	job.Connection
	Account
	Jobs int
}

type connectionsListed struct {
	Lines []connectionLine
	Left  int
	Named string
}

// connectionsMost is how many connections a list shows.
const connectionsMost = 100

func (p *pages) connections(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	jobs := map[string]int{}
	for _, spec := range plan.Jobs {
		jobs[spec.Connection]++
	}
	listed := connectionsListed{Named: typed(r, "name")}
	for _, key := range slices.Sorted(maps.Keys(plan.Connections)) {
		c := plan.Connections[key]
		if !sees(ctx, plan, key) || !strings.Contains(key+" "+strings.ToLower(c.DisplayName)+" "+c.Entity, strings.ToLower(listed.Named)) {
			continue
		}
		if len(listed.Lines) == connectionsMost {
			listed.Left++
			continue
		}
		account, err := p.House.Account(ctx, c)
		if err != nil {
			return view{}, err
		}
		listed.Lines = append(listed.Lines, connectionLine{c, account, jobs[key]})
	}
	return view{Title: "Connections", Section: "connections", Body: "connections", Regions: []string{"connectionlist"}, Data: listed}, nil
}

// connectionShown is a page about one connection.
type connectionShown struct {
	job.Connection
	Account   Account
	Window    window
	Windows   []window
	Stats     Stats // of the window
	Month     Stats // thirty days, for the graphs
	Jobs      []jobLine
	Keys      []job.Key
	Report    *Report
	Open      []attended
	History   []AuditLine
	Places    []placed
	Abilities []ability
	Policy    policy
	Sheeted   bool      // it has an onboarding sheet
	Answered  time.Time // when the customer filled in its form last; zero: never
}

type placed struct {
	Name string
	job.Location
}

// ability is something that a server can do, as far as that was tried.
type ability struct {
	Name string
	Can  *bool
}

// window is how far back the four figures look.
type window struct {
	Value, Label string
	Days         int
}

var windows = []window{{"24h", "24 hours", 0}, {"7d", "7 days", 7}, {"30d", "30 days", 30}}

// monthDays is how far back the graphs look.
const monthDays = 30

func (p *pages) connection(r *http.Request) (view, error) {
	ctx, plan, sight := r.Context(), p.House.Plan(), route.Of(r.Context()).Sight
	c, found := plan.Connections[r.PathValue("name")]
	if !found || !sees(ctx, plan, c.Name) {
		return view{}, errUnseen
	}
	shown := connectionShown{Connection: c, Windows: windows, Window: windows[1], Report: p.reports.of(c.Name), Sheeted: p.Sheets != nil}
	for _, w := range windows {
		if w.Value == r.URL.Query().Get("window") {
			shown.Window = w
		}
	}
	var err error
	if shown.Account, err = p.House.Account(ctx, c); err != nil {
		return view{}, err
	}
	shown.Abilities = abilitiesOf(shown.Account.Profile)
	if shown.Stats, err = p.Figures.Stats(ctx, c.Name, shown.Window.Days, plan.Zone, sight); err != nil {
		return view{}, err
	}
	if shown.Month, err = p.Figures.Stats(ctx, c.Name, monthDays, plan.Zone, sight); err != nil {
		return view{}, err
	}
	if err := p.around(r, plan, &shown); err != nil {
		return view{}, err
	}
	title := c.DisplayName
	if title == "" {
		title = c.Name
	}
	return view{Title: printable(title, nameMost), Section: "connections", Body: "connection", Regions: []string{"connectionhead", "connectionfigures"}, Graphs: true, Data: shown}, nil
}

// around gathers what belongs to a connection: jobs, keys, incidents, what people did.
func (p *pages) around(r *http.Request, plan Plan, shown *connectionShown) error {
	ctx, name := r.Context(), shown.Name
	var specs []job.Spec
	for _, spec := range plan.Jobs {
		if spec.Connection == name && len(specs) < jobsMost {
			specs = append(specs, spec)
		}
	}
	standings, err := p.House.Standings(ctx, jobNames(specs))
	if err != nil {
		return err
	}
	shown.Jobs = jobLines(specs, standings)
	if shown.Policy, err = p.policyOf(r, *shown, specs); err != nil {
		return err
	}
	for _, place := range slices.Sorted(maps.Keys(shown.Locations)) {
		shown.Places = append(shown.Places, placed{place, shown.Locations[place]})
	}
	if shown.Auth.Key != "" {
		if shown.Keys, err = p.Options.Keys.Keys(ctx, job.KeySSH, shown.Auth.Key); err != nil {
			return err
		}
	}
	open, err := p.Care.Incidents(ctx, route.Of(ctx).Sight)
	if err != nil {
		return err
	}
	mine := slices.DeleteFunc(open, func(i job.Incident) bool {
		return !strings.HasPrefix(i.Cause, "connection/"+name+"/") && !strings.HasPrefix(i.Cause, "sheet/"+name+"/")
	})
	shown.Open, _ = attend(plan, mine, standings)
	if shown.History, err = p.Details.Audit(ctx, 0, 20, name, fmt.Sprintf("[%s]:%d", shown.Host, shown.Port)); err != nil || p.Sheets == nil {
		return err
	}
	heard, err := p.Hears.Heard(ctx, name)
	if len(heard.Links) > 0 {
		shown.Answered = heard.Links[0].Last.At
	}
	return err
}

func abilitiesOf(p job.Profile) []ability {
	return []ability{
		{"list", p.List}, {"stat", p.Stat}, {"read", p.Read}, {"write", p.Write}, {"rename", p.Rename}, {"rename over a file", p.RenameOver}, {"posix-rename", p.PosixRename},
		{"remove", p.Remove}, {"mkdir", p.Mkdir}, {"setstat", p.Setstat}, {"fsync", p.Fsync}, {"free space", p.Statvfs}, {"sweeps at once", p.SweepsAtOnce}, {"read once", p.ReadOnce},
	}
}
