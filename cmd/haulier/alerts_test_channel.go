package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/notify"
)

func alertsTestCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test CHANNEL",
		Short: "Send a sample to a channel, and say why that fails",
		Long: "The sample is sent by this command itself, to the first recipient of a channel of mail, and says that nothing has happened. A\n" +
			"channel of type healthchecks is pinged once.",
		Args: exactly("CHANNEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			c, found := cfg.Channels[args[0]]
			if !found {
				return &job.Reason{Slug: "usage.no_such_channel", What: "nothing was sent", Cause: fmt.Sprintf("the configuration has no channel %q", args[0]), Do: "haulier config show", Who: job.WhoUs}
			}
			s, err := a.openStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			sender := notify.NewSender(a.notifyOptions(func() *config.Config { return cfg }, s, nil))
			if err := audit(cmd, s, "channel.test", "channel "+c.Name, ""); err != nil {
				return err
			}
			why := sender.Test(cmd.Context(), c)
			outcome := "ok"
			if reason := new(job.Reason); errors.As(why, &reason) {
				outcome = reason.Slug
			} else if why != nil {
				outcome = "failed"
			}
			if err := audit(cmd, s, "channel.tested", "channel "+c.Name, outcome); err != nil {
				return err
			}
			if why != nil {
				return why
			}
			if a.json {
				return a.object(map[string]any{"channel": c.Name, "ok": true})
			}
			a.printf("channel %s took the sample\n", c.Name)
			return nil
		},
	}
}
