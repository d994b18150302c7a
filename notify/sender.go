package notify

import (
	"context"
	"errors"
	"time"

	"github.com/haulier/haulier/job"
)

// Sender sends single messages.
type Sender struct{ Options }

// result is what one attempt came to.
type result struct {
	Reason  *job.Reason // nil: taken
	Status  int
	Detail  string
	Wait    time.Duration // that the other side asks for
	Gone    bool          // the other side wants nothing more
	Dropped bool          // there is nobody to send to any more
}

// untold begins every failure: what happened to the message.
const untold = "the message was not delivered, and is kept"

func failed(slug, cause, do string, who job.Who) result {
	return result{Reason: &job.Reason{Slug: slug, What: untold, Cause: oneLine(cause, causeMost), Do: do, Who: who}}
}

func failedBecause(err error) result {
	var reason *job.Reason
	if errors.As(err, &reason) {
		r := *reason
		r.What = untold
		return result{Reason: &r}
	}
	return failed("channel.unreachable", "the attempt could not be made", "haulier doctor", job.WhoUs)
}

// Send makes one attempt.
func (s *Sender) Send(ctx context.Context, c job.Channel, d job.Delivery) result {
	switch {
	case c.Mail != nil:
		return s.mail(ctx, c, d)
	case c.Webhook != nil:
		return s.post(ctx, c, d)
	case c.Shout != nil:
		return s.shout(ctx, c, d)
	}
	return result{Dropped: true, Reason: &job.Reason{Slug: "channel.refused", What: untold, Cause: "the channel takes no messages any more", Do: "haulier check", Who: job.WhoUs}}
}

// Test sends a sample to a channel, or pings, and gives why that failed.
func (s *Sender) Test(ctx context.Context, c job.Channel) error {
	var r result
	if c.Ping != nil {
		r = s.pingOnce(ctx, *c.Ping)
	} else {
		r = s.Send(ctx, c, sample(c))
	}
	if r.Reason == nil {
		return nil
	}
	r.Reason.What = "the sample was not delivered"
	return r.Reason
}

// NewSender makes a sender.
func NewSender(o Options) *Sender { return &Sender{Options: o.withDefaults()} }

// text gives what is given in the configuration or in a secret.
func (s *Sender) text(ctx context.Context, g job.Given) (string, error) {
	if g.Secret == nil {
		return g.Text, nil
	}
	found, err := s.Secrets.Reveal(ctx, *g.Secret)
	if err != nil {
		return "", err
	}
	defer found.Wipe()
	return string(found.Reveal()), nil
}
