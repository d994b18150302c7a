package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/haulier/haulier/web/route"
)

// Hears tells what customers filled in on the pages of links to onboarding sheets.
type Hears interface {
	// FilledIn gives a part of it, the latest first, those before a number.
	FilledIn(ctx context.Context, connection string, before int64, limit int) ([]FilledIn, error)
	// Waits gives the incident that it is to be dealt with; 0: it is not.
	Waits(ctx context.Context, connection string) (incident int64, err error)
	// Handle records that somebody has dealt with it, up to the answer of a number.
	Handle(ctx context.Context, connection string, last int64, by string) error
}

// FilledIn is what a customer filled in at one time: texts from outside, by whoever has the link.
type FilledIn struct {
	ID       int64         `json:"id"`
	At       time.Time     `json:"at"`
	Language string        `json:"language"` // of the form
	Link     LinkFollowed  `json:"link"`
	Fields   []FilledField `json:"fields"`
}

// LinkFollowed tells the links to a sheet apart.
type LinkFollowed struct {
	By   string    `json:"by,omitempty"` // who made it
	Made time.Time `json:"made,omitzero"`
}

// FilledField is one thing that was filled in, with what we have.
type FilledField struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value"`
	Ours  string `json:"ours,omitempty"` // as we have it; missing: nothing to compare with
	Same  bool   `json:"same"`           // it is what we have
}

// FilledInList is a part of what was filled in for a connection, the latest first.
type FilledInList struct {
	Answers  []FilledIn `json:"answers"`
	Next     int64      `json:"next,omitempty"`     // as before, for those that came earlier
	Incident int64      `json:"incident,omitempty"` // that it is to be dealt with; missing: it was
}

// Handling is the body that says that what was filled in is dealt with.
type Handling struct {
	By   string `json:"by,omitempty"`
	Last int64  `json:"last"` // number of the last answer that was seen: what came behind it waits on
}

// Handled is the answer to that.
type Handled struct {
	Connection string `json:"connection"`
	Last       int64  `json:"last"`
}

const (
	filledUsual = 20 // one answer may have as much text as a thousand runs
	filledMost  = 100
)

func (a *api) heardRoutes() []route.Route {
	return []route.Route{
		{
			Method: "GET", Path: "/api/v1/connections/{name}/onboarding/answers", Role: route.Viewer, Scope: route.ScopeConnection,
			Summary: "What a customer filled in on the page of a link to the onboarding sheet, beside what is configured, the latest first, in parts",
			Query:   []route.Param{{Name: "before", Says: "next of the part before; none: from the beginning"}, {Name: "limit", Says: "how many at most, 1 to 100; none: 20"}},
			Out:     exampleFilledIn, Handler: answers(a.filledIn),
		},
		{
			Method: "POST", Path: "/api/v1/connections/{name}/onboarding/handled", Role: route.Operator, Scope: route.ScopeConnection,
			Summary: "Say that what a customer filled in is dealt with, up to an answer: its incident ends, unless more has come", In: Handling{Last: 3}, Out: Handled{"acme", 3}, Handler: answers(a.handled),
		},
	}
}

func (a *api) filledIn(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	before, limit := q.number("before", 1, anyID, 0), int(q.number("limit", 1, filledMost, filledUsual))
	if q.err != nil {
		return nil, q.err
	}
	all, err := a.Hears.FilledIn(r.Context(), r.PathValue("name"), before, limit+1)
	if err != nil {
		return nil, err
	}
	list := FilledInList{Answers: append([]FilledIn{}, all[:min(limit, len(all))]...)}
	if len(all) > limit {
		list.Next = all[limit-1].ID
	}
	list.Incident, err = a.Hears.Waits(r.Context(), r.PathValue("name"))
	return list, err
}

func (a *api) handled(r *http.Request) (any, error) {
	var body Handling
	err := read(r, &body, &body.By)
	if err == nil && body.Last < 1 {
		err = badRequest{errors.New("last is the number of the last answer that was seen")}
	}
	if err != nil {
		return nil, err
	}
	return Handled{r.PathValue("name"), body.Last}, a.Hears.Handle(context.WithoutCancel(r.Context()), r.PathValue("name"), body.Last, body.By)
}
