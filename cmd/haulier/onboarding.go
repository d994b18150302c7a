package main

import (
	"bytes"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
)

func onboardingCommand(a *app) *cobra.Command {
	var format, language string
	command := &cobra.Command{
		Use:   "onboarding CONNECTION",
		Short: "The sheet for the customer's IT: what to allow, create, install and tell us",
		Long: "Prints all that a customer's IT department needs for a connection: our addresses, the folders and the rights in them, the\n" +
			"public keys in both forms with their fingerprints, how files are named and encrypted, what they have to tell us, and the\n" +
			"six commonest messages. Nothing in it is secret. html is a page of its own for screen and paper, mail a subject and a text.",
		Example: "  haulier onboarding acme > acme.html\n  haulier onboarding acme --format mail --language fr",
		Args:    exactly("CONNECTION"),

		ValidArgsFunction: firstOnly(a.completeConnections),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", format, sheet.Formats()...); err != nil {
				return err
			}
			if err := oneOf("--language", language, sheet.Languages()...); err != nil {
				return err
			}
			return a.onboarding(cmd, args[0], format, language)
		},
	}
	command.Flags().StringVar(&format, "format", sheet.HTML, "html, md, txt or mail")
	command.Flags().StringVar(&language, "language", "en", "en, fr, nl or de")
	return command
}

func (a *app) onboarding(cmd *cobra.Command, name, format, language string) error {
	cfg, s, err := a.reading(cmd.Context())
	if err != nil {
		return err
	}
	facts, err := control.Sheet(cmd.Context(), cfg, s, name, thisBuild().Version, time.Now())
	if err != nil {
		return err
	}
	if a.json {
		return a.object(facts)
	}
	document, err := sheet.Compose(facts, language)
	if err != nil {
		return err
	}
	var whole bytes.Buffer // a sheet that is cut in the middle must not be mailed
	if err := sheet.Write(&whole, document, format); err != nil {
		return err
	}
	a.printf("%s", whole.String())
	if len(facts.Egress) == 0 {
		a.say("note: egress_ips is not configured, so the sheet does not say which addresses to allow\n")
	}
	if facts.Contact == "" {
		a.say("note: contact is not configured, so the sheet does not say whom to ask\n")
	}
	return nil
}
