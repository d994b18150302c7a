package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
)

func eventsCommand(a *app) *cobra.Command {
	return group("events", "What was told to channels, and telling it again", eventsListCommand(a), eventsRedeliverCommand(a))
}

// whichDeliveries are the flags that narrow deliveries.
type whichDeliveries struct{ channel, state, since string }

func (w whichDeliveries) query() (q job.Deliveries, err error) {
	q = job.Deliveries{Channel: w.channel, State: job.DeliveryState(w.state)}
	if w.since != "" {
		age, err := parseAge(w.since)
		if err != nil {
			return q, usage(err)
		}
		q.Since = time.Now().Add(-age)
	}
	switch q.State {
	case "", job.DeliveryPending, job.DeliverySent, job.DeliveryFailed, job.DeliveryDisabled, job.DeliveryDropped:
		return q, nil
	}
	return q, usage(fmt.Errorf("--state %q: it is pending, sent, failed, disabled or dropped", w.state))
}

func eventsListCommand(a *app) *cobra.Command {
	var which whichDeliveries
	command := &cobra.Command{
		Use:   "list",
		Short: "Deliveries, the latest first; at most 1,000",
		Long: "Each event that is told to a channel is a delivery. pending: not tried yet. sent: taken. failed: tried, and tried again at the\n" +
			"time that is shown. disabled: given up. dropped: the channel or recipient is not in the configuration any more.",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := which.query()
			if err != nil {
				return err
			}
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			list, err := s.ListDeliveries(cmd.Context(), q)
			if err != nil {
				return err
			}
			return a.listDeliveries(list)
		},
	}
	which.flags(command)
	command.Flags().StringVar(&which.state, "state", "", "only deliveries in this state")
	return command
}

func (w *whichDeliveries) flags(command *cobra.Command) {
	command.Flags().StringVar(&w.channel, "channel", "", "only deliveries to this channel")
	command.Flags().StringVar(&w.since, "since", "", "only those made within this time, e.g. 7d")
}

func (a *app) listDeliveries(list []job.Delivery) error {
	for _, d := range list {
		if a.json {
			if err := a.object(web.DeliveryOf(d)); err != nil {
				return err
			}
			continue
		}
		to := d.Channel
		if d.Recipient != "" {
			to += " " + d.Recipient
		}
		a.printf("%d  %s  %-8s  %s  %s  attempts %d", d.ID, d.Made.Local().Format("2006-01-02 15:04:05"), d.State, to, d.Event.Type, d.Attempts)
		if !d.Next.IsZero() && d.State == job.DeliveryFailed {
			a.printf("  again %s", d.Next.Local().Format("2006-01-02 15:04:05"))
		}
		if d.Detail != "" && d.State != job.DeliverySent {
			a.printf("  %s", d.Detail)
		}
		a.printf("\n")
	}
	if len(list) == 0 && !a.json {
		a.say("Nothing was to be told.\n")
	}
	return nil
}

func eventsRedeliverCommand(a *app) *cobra.Command {
	var which whichDeliveries
	command := &cobra.Command{
		Use:   "redeliver ID | --channel NAME [--since 7d]",
		Short: "Tell it again: one delivery, or all that a channel missed",
		Long: "The message is sent again with the id that it had, by a daemon that runs or by the next one. With --channel, all deliveries of\n" +
			"the channel that did not arrive are taken. A channel that was given up gets a new chance. The audit keeps who asked.",
		Args: between(0, "ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			q, err := which.query()
			if err != nil {
				return err
			}
			if (len(args) == 1) == (q.Channel != "") {
				return usage(errors.New("name one delivery by its ID, or a channel by --channel"))
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.openStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			count, err := redeliver(cmd.Context(), s, q, args)
			if err != nil {
				return err
			}
			if a.json {
				return a.object(map[string]int64{"redelivered": count})
			}
			a.printf("deliveries to be sent again: %d\n", count)
			return nil
		},
	}
	which.flags(command)
	return command
}

func redeliver(ctx context.Context, s *store.Store, q job.Deliveries, args []string) (count int64, err error) {
	what := "channel " + q.Channel
	if len(args) == 1 {
		id, err := parseID("delivery", args[0])
		if err != nil {
			return 0, err
		}
		return 1, noDelivery(s.Redeliver(ctx, id, user()), "delivery "+args[0])
	}
	count, err = s.RedeliverMissed(ctx, q, user())
	return count, noDelivery(err, what)
}

// noDelivery says why nothing was to be sent again.
func noDelivery(err error, what string) error {
	switch {
	case errors.Is(err, job.ErrNotFound):
		return &job.Reason{Slug: "usage.no_such_delivery", What: "nothing was sent again", Cause: "there is no " + what, Do: "haulier events list", Who: job.WhoUs, Err: err}
	case errors.Is(err, job.ErrStale):
		return &job.Reason{Slug: "usage.no_such_channel", What: "nothing was sent again", Cause: "no channel of this name is in the configuration that counts (" + what + ")",
			Do: "haulier check; haulier reload", Who: job.WhoUs, Err: err}
	}
	return err
}
