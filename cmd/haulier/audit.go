package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func auditCommand(a *app) *cobra.Command {
	command := group("audit", "Who did what", auditListCommand(a), auditVerifyCommand(a))
	command.Long = "Every act of a person or a program is a line that is never changed or removed. Each holds a hash of itself and of the\n" +
		"line before it, so that a change is seen."
	return command
}

func auditListCommand(a *app) *cobra.Command {
	var f store.AuditFilter
	var since string
	var limit int
	command := &cobra.Command{
		Use:   "list",
		Short: "The latest acts",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if since != "" {
				age, err := parseAge(since)
				if err != nil {
					return usage(fmt.Errorf("--since %q is no span such as 12h or 30d", since))
				}
				f.Since = time.Now().Add(-age)
			}
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			lines, err := s.AuditBy(cmd.Context(), f, limit)
			if err != nil {
				return err
			}
			for _, l := range lines {
				if err := a.showAudit(l); err != nil {
					return err
				}
			}
			return nil
		},
	}
	command.Flags().StringVar(&since, "since", "", "only of this last span: 12h, 30d")
	command.Flags().StringVar(&f.Who, "who", "", "only what this one did: ann, oidc:ann, token:platform …")
	command.Flags().StringVar(&f.Object, "object", "", "only what was done to this")
	command.Flags().IntVar(&limit, "limit", 100, "at most so many, up to 1000")
	return command
}

func (a *app) showAudit(l store.AuditLine) error {
	if a.json {
		return a.object(l)
	}
	a.printf("%s  %-14s %-18s %s\n", l.At.Format(time.RFC3339), printable(l.Who), l.Act, strings.TrimSpace(printable(l.Object)+"  "+printable(l.Detail)))
	return nil
}

// printable shows text of others on one line of a terminal.
func printable(text string) string {
	quoted := strconv.QuoteToGraphic(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// auditEnd is the end of the list as verify writes it: LINE:CHAIN.
var auditEnd = regexp.MustCompile(`^([1-9][0-9]{0,17}):([0-9a-f]{64})$`)

func auditVerifyCommand(a *app) *cobra.Command {
	var noted string
	command := &cobra.Command{
		Use:   "verify",
		Short: "See that no line was altered or removed",
		Long: "Looks through the whole list, and says its end. Who can write the whole store can also write a list that hangs together: keep\n" +
			"the end elsewhere, and give it with --has another time. Then lines before it cannot have been changed unseen.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var has store.AuditEnd
			if parts := auditEnd.FindStringSubmatch(noted); parts != nil {
				has.Line, _ = strconv.ParseInt(parts[1], 10, 64)
				has.Chain = parts[2]
			} else if noted != "" {
				return usage(fmt.Errorf("--has wants LINE:CHAIN, as haulier audit verify says it"))
			}
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			v, err := s.VerifyAudit(cmd.Context(), has)
			if err != nil {
				return err
			}
			return a.showVerified(v)
		},
	}
	command.Flags().StringVar(&noted, "has", "", "an end that was noted before, LINE:CHAIN")
	return command
}

func (a *app) showVerified(v store.Verified) error {
	if v.Whole() {
		if a.json {
			return a.object(v)
		}
		a.printf("whole: %d lines\n", v.Lines)
		if v.Lines > 0 {
			a.printf("end %d:%s\n", v.End.Line, v.End.Chain)
		}
		return nil
	}
	cause := fmt.Sprintf("line %d was altered, or one right before it was removed", v.Break)
	if v.Lost {
		cause = fmt.Sprintf("lines behind %d are gone, or the list is not the one that was noted", v.End.Line)
	}
	return &job.Reason{
		Slug: "local.audit_altered", What: "nothing was changed; the list can be read as it is", Cause: cause,
		Do: "compare it with that of a backup: haulier restore; find out who may write to data_dir", Who: job.WhoUs,
	}
}
