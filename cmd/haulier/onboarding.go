package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/store"
)

func onboardingCommand(a *app) *cobra.Command {
	var format, language, lasts string
	var end, answers bool
	var handled int64
	command := &cobra.Command{
		Use:   "onboarding CONNECTION",
		Short: "The sheet for the customer's IT: what to allow, create, install and tell us",
		Long: "Prints all that a customer's IT department needs for a connection: our addresses, the folders and the rights in them, the\n" +
			"public keys in both forms with their fingerprints, how files are named and encrypted, what they have to tell us, and the\n" +
			"six commonest messages. Nothing in it is secret. html is a page of its own for screen and paper, mail a subject and a text.\n" +
			"It is in the language that the connection says, or --language.\n\n" +
			"--link prints a link in place of the sheet: who has it sees the sheet as it is then, without a login, until it ends. With\n" +
			"--format mail it is a short letter that has the link, with another --format the sheet with the link and its QR code, to be\n" +
			"printed or handed over. On that page the customer's IT can fill in what they have to tell us;\n" +
			"--answers prints it, beside what is configured, with the number of each. Nothing is changed by it. It is an incident until\n" +
			"somebody says, with the number of the last one that they have seen, that it is dealt with: --handled.",
		Example: "  haulier onboarding acme > acme.html\n  haulier onboarding acme --format mail --language fr\n  haulier onboarding acme --link 14d --format mail",
		Args:    exactly("CONNECTION"),

		ValidArgsFunction: firstOnly(a.completeConnections),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--format", format, sheet.Formats()...); err != nil {
				return err
			}
			if language != "" {
				if err := oneOf("--language", language, sheet.Languages()...); err != nil {
					return err
				}
			}
			switch {
			case answers:
				return a.onboardingAnswers(cmd, args[0])
			case cmd.Flags().Changed("handled"):
				return a.handleAnswers(cmd, args[0], handled)
			case end:
				return a.endSheetLinks(cmd, args[0])
			case lasts != "":
				return a.linkOnboarding(cmd, args[0], format, language, lasts)
			}
			return a.onboarding(cmd, args[0], format, language)
		},
	}
	command.Flags().StringVar(&format, "format", sheet.HTML, "html, md, txt or mail")
	command.Flags().StringVar(&language, "language", "", strings.Join(sheet.Languages(), ", ")+" (as the connection says)")
	command.Flags().StringVar(&language, "lang", "", "the same")
	_ = command.Flags().MarkHidden("lang") // it is there
	command.Flags().StringVar(&lasts, "link", "", "print a link to it that needs no login and ends after this long, such as 14d (at most 90d)")
	command.Flags().BoolVar(&end, "end-links", false, "end all links to it")
	command.Flags().BoolVar(&answers, "answers", false, "print what the customer filled in on the page of a link, the latest first, beside what is configured")
	command.Flags().Int64Var(&handled, "handled", 0, "say that what was filled in is dealt with, up to this number")
	command.MarkFlagsMutuallyExclusive("link", "end-links", "answers", "handled")
	return command
}

// linkMost is the longest that a link to a sheet may last.
const linkMost = 90 * 24 * time.Hour

func (a *app) linkOnboarding(cmd *cobra.Command, name, format, language, lasts string) error {
	span, err := parseAge(lasts)
	if err == nil && (span <= 0 || span > linkMost) {
		err = fmt.Errorf("--link %s: a link lasts up to 90d", lasts)
	}
	if err != nil {
		return usage(err)
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	c, err := findConnection(cfg, name)
	if err != nil {
		return err
	}
	if cfg.Web.Public == nil {
		return usage(errors.New("nobody could follow the link: web.public_url does not say under which address customers reach the pages"))
	}
	return a.withStore(cmd, func(s *store.Store) error {
		link := store.SheetLink{Connection: name, Language: language, By: user(), Made: time.Now(), Expires: time.Now().Add(span)}
		token, err := linkSheet(cmd.Context(), s, link)
		if err != nil {
			return err
		}
		address := cfg.Web.Public.JoinPath("sheet", token).String()
		if a.json {
			return a.object(struct {
				URL string `json:"url"`
				store.SheetLink
			}{address, link})
		}
		switch {
		case format == sheet.Mail:
			err = sheet.Write(a.stdout, sheet.Invite(c.DisplayName, cmp.Or(language, c.Language), address, link.Expires), format)
		case cmd.Flags().Changed("format"):
			err = a.sheetWithLink(cmd, cfg, s, link, address, format)
		default:
			a.printf("%s\n", address)
		}
		if err != nil {
			return err
		}
		a.say("It shows the sheet without a login until %s, and is not shown again.\n", link.Expires.UTC().Format("2006-01-02 15:04 UTC"))
		return nil
	})
}

// sheetWithLink prints the sheet with the link to it, for those who want it on paper.
func (a *app) sheetWithLink(cmd *cobra.Command, cfg *config.Config, s *store.Store, link store.SheetLink, address, format string) error {
	facts, err := control.Sheet(cmd.Context(), cfg, s, link.Connection, thisBuild().Version, time.Now())
	if err != nil {
		return err
	}
	document, err := sheet.Compose(facts, cmp.Or(link.Language, cfg.Connections[link.Connection].Language, sheet.Languages()[0]))
	if err != nil {
		return err
	}
	if document, err = document.WithLink(address, link.Expires); err != nil {
		return err
	}
	return sheet.Write(a.stdout, document, format)
}

func (a *app) endSheetLinks(cmd *cobra.Command, name string) error {
	return a.withStore(cmd, func(s *store.Store) error {
		ended, err := s.EndSheetLinks(cmd.Context(), name, user(), time.Now())
		if err == nil {
			a.say("%d links to the sheet of %s have ended.\n", ended, name)
		}
		return err
	})
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
	document, err := sheet.Compose(facts, cmp.Or(language, cfg.Connections[name].Language, sheet.Languages()[0]))
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
