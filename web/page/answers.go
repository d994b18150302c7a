package page

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// answersShown is how many answers a part of the list has. Each of them may be long.
const answersShown = 20

// answersListed is a part of what a customer filled in.
type answersListed struct {
	Connection string
	List       []Answers
	Next       int64 // the number before which the next part begins; 0: there is none
}

// answers shows all that a customer filled in, the latest first.
func (p *pages) answers(r *http.Request) (view, error) {
	name := r.PathValue("name")
	if _, found := p.House.Plan().Connections[name]; !found || !sees(r.Context(), p.House.Plan(), name) {
		return view{}, errUnseen
	}
	before, _ := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64) // what is no number is the beginning
	listed := answersListed{Connection: name}
	var err error
	if listed.List, err = p.Hears.Answers(r.Context(), name, before, answersShown+1); err != nil {
		return view{}, err
	}
	if len(listed.List) > answersShown {
		listed.List = listed.List[:answersShown]
		listed.Next = listed.List[answersShown-1].ID
	}
	return view{Title: "What was filled in for " + name, Section: "connections", Body: "allanswers", Data: listed}, nil
}

// handled ends the wait of what was filled in, as far as who asks has seen it.
func (p *pages) handled(r *http.Request) (flash, error) {
	last, err := strconv.ParseInt(r.PostFormValue("last"), 10, 64)
	if err != nil || last < 1 {
		return flash{}, badRequest{errors.New("what was dealt with is named by the number of the last answer")}
	}
	name := r.PathValue("name")
	return flash{Done: fmt.Sprintf("What was filled in for %s is dealt with, up to number %d.", name, last)}, p.Hears.Handle(unhurried(r), name, last, by(r))
}
