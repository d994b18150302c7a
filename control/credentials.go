package control

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Leads are how many days before the end of a credential people are told.
var Leads = []int{30, 14, 7, 1}

const (
	// lookAtCredentials is how often a credential is looked for that somebody has renewed, or made.
	lookAtCredentials = time.Hour
	day               = 24 * time.Hour
)

// CredentialDesk is where is written down what was told of credentials.
type CredentialDesk interface {
	CredentialBook
	TellCredential(ctx context.Context, c store.CredentialLead, at time.Time) (told bool, err error)
	CredentialsEnd(ctx context.Context, which map[string]bool, at time.Time) error
}

// Credentials sees to it that no credential comes to its end in silence.
type Credentials struct {
	Desk   CredentialDesk
	Config func() *config.Config
	Log    *slog.Logger

	kick chan struct{}
}

// NewCredentials gives one that waits to run.
func NewCredentials(desk CredentialDesk, cfg func() *config.Config, log *slog.Logger) *Credentials {
	return &Credentials{Desk: desk, Config: cfg, Log: log, kick: make(chan struct{}, 1)}
}

// Look has it look at once: another configuration counts.
func (c *Credentials) Look() {
	select {
	case c.kick <- struct{}{}:
	default: // it is about to
	}
}

// Run looks now, whenever a lead time is reached, and every hour, until the context ends.
func (c *Credentials) Run(ctx context.Context) {
	for {
		wait, err := c.look(ctx, time.Now())
		if err != nil && ctx.Err() == nil {
			c.Log.Error("look at what credentials end", "error", err)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-c.kick:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// look tells what is to be told, and gives how long nothing is after that.
func (c *Credentials) look(ctx context.Context, now time.Time) (wait time.Duration, err error) {
	entries, err := Calendar(ctx, c.Desk, c.Config(), now)
	if err != nil {
		return time.Minute, err
	}
	wait, ending := lookAtCredentials, map[string]bool{}
	for _, e := range entries {
		if e.Says != job.EntryEnds || e.Kind != job.KindToken && len(e.Connections) == 0 {
			continue
		}
		lead, next := leadOf(e.Date.Sub(now))
		if next > 0 {
			wait = min(wait, next)
		}
		if lead < 0 {
			continue
		}
		ending[e.Kind+"/"+e.Name] = true
		if _, err := c.Desk.TellCredential(ctx, leadFor(e, lead), now); err != nil {
			return time.Minute, err
		}
	}
	if err := c.Desk.CredentialsEnd(ctx, ending, now); err != nil {
		return time.Minute, err
	}
	return wait, nil
}

// leadOf gives the lead time that is reached when so much is left, and in how long the next is; 0: it has ended, negative: none yet.
func leadOf(left time.Duration) (lead int, next time.Duration) {
	if left <= 0 {
		return 0, 0
	}
	lead, next = -1, left
	for _, days := range Leads {
		if at := time.Duration(days) * day; left <= at {
			lead = days
		} else {
			next = min(next, left-at)
		}
	}
	return lead, next
}

func leadFor(e job.CalendarEntry, lead int) store.CredentialLead {
	l := store.CredentialLead{Kind: e.Kind, Name: e.Name, Version: e.Version, Ends: e.Date, Days: lead, Reason: endOf(e, lead)}
	if len(e.Connections) == 1 {
		l.Connection = e.Connections[0]
	}
	return l
}

func endOf(e job.CalendarEntry, lead int) job.Reason {
	date := e.Date.UTC().Format("2006-01-02 15:04 UTC")
	r := job.Reason{Do: e.Do, Who: job.WhoUs}
	if e.Kind == string(job.KeyPGPPublic) || e.Kind == job.KindPassword {
		r.Who = job.WhoBoth
	}
	if lead == 0 {
		r.Slug, r.What = store.SlugCredentialExpired, "what needs it is not moved until it is replaced"
		r.Cause = fmt.Sprintf("%s ended on %s", e.What, date)
		if e.Kind == job.KindToken {
			r.What = "all files move; the program that shows it is refused"
		}
		return r
	}
	r.Slug, r.What = store.SlugCredentialExpiring, "all files move as they should, until then"
	r.Cause = fmt.Sprintf("%s ends on %s, in %s", e.What, date, inDays(e.Days))
	return r
}

func inDays(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}
