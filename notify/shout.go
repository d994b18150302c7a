package notify

import (
	"context"
	"errors"

	"github.com/haulier/haulier/job"
)

// shoutMost bounds a text for chat, pagers and SMS, in bytes.
const shoutMost = 450

// shout sends a short text to chat, a pager or a phone. What the service says may have its tokens in it, and is not repeated.
func (s *Sender) shout(ctx context.Context, c job.Channel, d job.Delivery) result {
	if s.Shout == nil {
		return failed("channel.shoutrrr", "this program was built without shoutrrr", "use another build", job.WhoUs)
	}
	target, err := s.Secrets.Reveal(ctx, c.Shout.URL)
	if err != nil {
		return failedBecause(err)
	}
	defer target.Wipe()
	ctx, cancel := context.WithTimeout(ctx, 2*postPatience)
	defer cancel()
	if why := s.mayShout(ctx, string(target.Reveal()), c.Shout.AllowPrivate); why != nil {
		return result{Reason: why}
	}
	err = s.Shout(ctx, target, d.MessageID, s.shortLetter(d))
	switch {
	case err == nil:
		return result{Detail: "taken"}
	case errors.Is(err, context.DeadlineExceeded):
		return failed("channel.timeout", "the service did not answer in time", "look whether it can be reached from this machine", job.WhoNetwork)
	}
	return failed("channel.shoutrrr", "the service did not take the message, or its URL is not one that shoutrrr knows", "compare the URL with shoutrrr's documentation, and the service's log", job.WhoUs)
}
