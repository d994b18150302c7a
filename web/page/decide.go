package page

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/haulier/haulier/job"
)

// choice is one way to end the doubt about a file.
type choice struct {
	As    job.Resolution
	Label string   // of the button that asks about it
	Sure  string   // of the button that does it
	Comes []string // what will happen, sentence by sentence
}

// decideShown is a page on which somebody decides about a file, and is told what will happen before it does.
type decideShown struct {
	File    job.File
	Choices []choice
	Chosen  *choice // nil: none yet
	Back    string
}

// About is the doubt that is shown: another one is not ended with it.
func (d decideShown) About() string { return slugOf(d.File.Reason) }

func slugOf(reason *job.Reason) string {
	if reason == nil {
		return ""
	}
	return reason.Slug
}

// choicesOf are the ways to decide about a file; none where there is nothing to decide, or a look decides it.
func choicesOf(f job.File, spec *job.Spec) []choice {
	switch {
	case f.State == job.FileRejected:
		return []choice{letBe(f)}
	case f.State != job.FileHeld || supervised(f.Reason):
		return nil
	case f.Type == job.TypeExport:
		return []choice{delivered(f, spec), sendAgain(f), neverMind(f)}
	}
	return []choice{landed(f), fetchAgain(f, spec), neverMind(f)}
}

// chosen finds the choice that a form names; nil: none.
func chosen(choices []choice, as string) *choice {
	for i := range choices {
		if string(choices[i].As) == as {
			return &choices[i]
		}
	}
	return nil
}

// deciding is a file with the buttons that decide about it, on a sheet.
type deciding struct {
	*sheet
	File job.File
	It   []choice
	From string // the list to come back to; empty: the page of the file
}

// Decide puts the buttons that decide about a file on a sheet.
func (s *sheet) Decide(f job.File, choices []choice, from string) deciding {
	return deciding{s, f, choices, from}
}

// decision asks what is to become of a file in doubt, and says what will happen.
func (p *pages) decision(r *http.Request) (view, error) {
	f, spec, err := p.rowAsked(r)
	if err != nil {
		return view{}, err
	}
	shown := decideShown{File: f, Choices: choicesOf(f, spec), Back: fmt.Sprintf("/files/%d", f.ID)}
	if from := r.URL.Query().Get("from"); from == "/held" || from == "/held?job="+f.Job {
		shown.Back = from
	}
	shown.Chosen = chosen(shown.Choices, r.URL.Query().Get("as"))
	return view{Title: fmt.Sprintf("Decide about file %d", f.ID), Section: "runs", Body: "decision", Data: shown}, nil
}

// rowAsked gives the file that a path names, if who asks may see it, and its job; nil: it is not configured any more.
func (p *pages) rowAsked(r *http.Request) (job.File, *job.Spec, error) {
	ctx, plan := r.Context(), p.House.Plan()
	id, err := idOf(r)
	if err != nil {
		return job.File{}, nil, err
	}
	f, err := p.Rows.File(ctx, id)
	if err == nil && !sees(ctx, plan, f.Connection) {
		err = errUnseen
	}
	if err != nil {
		return job.File{}, nil, err
	}
	if spec, err := seenJob(ctx, plan, f.Job); err == nil {
		return f, &spec, nil
	}
	return f, nil, nil
}

// decide ends the doubt about a file, the one that stood on the page beside the button.
func (p *pages) decide(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	why, err := whyOf(r, "a decision")
	if err != nil {
		return flash{}, err
	}
	fence, err := strconv.ParseInt(r.PostFormValue("fence"), 10, 64)
	if err != nil || !r.PostForm.Has("about") {
		return flash{}, badRequest{errors.New("the form does not say which doubt was looked at")}
	}
	f, err := p.Looker.DecideFile(unhurried(r), job.Decision{File: id, As: job.Resolution(r.PostFormValue("as")), About: r.PostFormValue("about"), Fence: &fence, By: by(r), Why: why})
	return flash{Done: fmt.Sprintf("File %d of %s is decided: it is %s now.", id, f.Job, f.State), Link: fmt.Sprintf("/files/%d", id), Label: "Look at it"}, err
}
