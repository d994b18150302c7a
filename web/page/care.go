package page

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// noteMost bounds a note on an incident, in bytes.
const noteMost = 500

func (p *pages) ack(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	note := strings.TrimSpace(r.PostFormValue("note"))
	if len(note) > noteMost {
		return flash{}, badRequest{fmt.Errorf("a note has %d bytes at most", noteMost)}
	}
	return flash{Done: fmt.Sprintf("Alert %d is yours: nobody is reminded of it any more.", id)}, p.Care.Ack(unhurried(r), id, by(r), note)
}

func (p *pages) silence(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	span, known := spans[r.PostFormValue("for")]
	if !known {
		return flash{}, badRequest{errors.New("silence ends: choose for how long")}
	}
	why, err := whyOf(r, "silence")
	if err != nil {
		return flash{}, err
	}
	until := p.Clock().Add(span)
	return flash{Done: fmt.Sprintf("Alert %d is silent until %s.", id, until.In(p.House.Plan().Zone).Format(dayForm))}, p.Care.Silence(unhurried(r), id, by(r), why, until)
}

func (p *pages) unsilence(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	return flash{Done: fmt.Sprintf("Alert %d is told of again.", id)}, p.Care.Unsilence(unhurried(r), id, by(r))
}

func (p *pages) extend(r *http.Request) (flash, error) {
	span, known := spans[r.PostFormValue("for")]
	if !known {
		return flash{}, badRequest{errors.New("a deadline moves to a time: choose for how long")}
	}
	why, err := whyOf(r, "a later deadline")
	if err != nil {
		return flash{}, err
	}
	name, until := r.PathValue("name"), p.Clock().Add(span)
	zone := p.House.Plan().Zone
	if spec, err := seenJob(r.Context(), p.House.Plan(), name); err == nil {
		zone = spec.Timing.Zone
	}
	return flash{Done: fmt.Sprintf("%s has until %s.", name, until.In(zone).Format(dayForm))}, p.Expects.Extend(unhurried(r), name, until, by(r), why)
}
