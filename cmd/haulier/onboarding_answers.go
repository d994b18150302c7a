package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
)

// onboardingAnswers prints what a customer filled in. It came from outside, in characters that can be seen only.
func (a *app) onboardingAnswers(cmd *cobra.Command, name string) error {
	cfg, s, err := a.reading(cmd.Context())
	if err != nil {
		return err
	}
	told, err := control.Answers(cmd.Context(), cfg, s, name, 0)
	if err != nil {
		return err
	}
	if len(told) == 0 && !a.json {
		a.say("Nothing was filled in for %s yet.\n", name)
	}
	for _, t := range told {
		if a.json {
			if err := a.object(t); err != nil {
				return err
			}
			continue
		}
		a.printf("%s  in %s\n", t.At.UTC().Format("2006-01-02 15:04 UTC"), t.Language)
		for _, f := range t.Fields {
			a.printf("  %s: %s%s\n", f.Label, strings.ReplaceAll(f.Value, "\n", "\n    "), beside(f))
		}
	}
	return nil
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
