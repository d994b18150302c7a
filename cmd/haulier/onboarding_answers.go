package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/store"
)

// answersAtOnce bounds what is read at a time: answers may be long.
const answersAtOnce = 20

// onboardingAnswers prints what a customer filled in. It came from outside, in characters that can be seen only.
func (a *app) onboardingAnswers(cmd *cobra.Command, name string) error {
	cfg, s, err := a.reading(cmd.Context())
	if err != nil {
		return err
	}
	last, before := int64(0), int64(0)
	for {
		told, err := control.Answers(cmd.Context(), cfg, s, name, before, answersAtOnce)
		if err != nil {
			return err
		}
		for _, t := range told {
			if err := a.printTold(t); err != nil {
				return err
			}
			last, before = max(last, t.ID), t.ID
		}
		if len(told) < answersAtOnce {
			break
		}
	}
	waits, err := s.SheetWaits(cmd.Context(), name)
	switch {
	case err != nil || a.json:
		return err
	case last == 0:
		a.say("Nothing was filled in for %s yet.\n", name)
	case waits != 0:
		a.say("It waits for somebody to deal with it (incident %d). When that is done: haulier onboarding %s --handled %d\n", waits, name, last)
	}
	return nil
}

func (a *app) printTold(t control.Told) error {
	if a.json {
		return a.object(t)
	}
	a.printf("%d  %s  in %s%s\n", t.ID, t.At.UTC().Format("2006-01-02 15:04 UTC"), t.Language, byLink(t.Link))
	for _, f := range t.Fields {
		a.printf("  %s: %s%s\n", f.Label, strings.ReplaceAll(f.Value, "\n", "\n    "), beside(f))
	}
	return nil
}

func byLink(l store.LinkOfAnswer) string {
	if l.By == "" {
		return ""
	}
	return "  by the link that " + l.By + " made on " + l.Made.UTC().Format("2006-01-02 15:04 UTC")
}

// handleAnswers says that what was filled in is dealt with, up to a number.
func (a *app) handleAnswers(cmd *cobra.Command, name string, last int64) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	return a.withStore(cmd, func(s *store.Store) error {
		err := control.HandleAnswers(cmd.Context(), cfg, s, name, last, user())
		if err == nil {
			a.say("What was filled in for %s is dealt with, up to number %d.\n", name, last)
		}
		return err
	})
}

// beside says how an answer stands to what we have.
func beside(f control.ToldField) string {
	switch {
	case f.Same:
		return "  (as we have it)"
	case f.Ours != "":
		return "  (we have " + f.Ours + ")"
	}
	return ""
}
