package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
)

// Service tells what happens for as long as it runs.
type Service struct {
	Options
	sender Sender

	mu       sync.Mutex
	channels map[string]job.Channel
	untold   bool            // the outbox does not know them yet
	running  map[string]bool // senders and pingers, by channel
	counts   map[Count]int64
	ctx      context.Context // of Run; nil before
	loops    sync.WaitGroup
}

// Count says what was counted.
type Count struct {
	Channel string
	Status  string // sent, failed or disabled
}

// New makes a service. It does nothing before Run.
func New(o Options) *Service {
	o = o.withDefaults()
	return &Service{Options: o, sender: Sender{Options: o}, running: map[string]bool{}, counts: map[Count]int64{}}
}

// Use makes these the channels that count. One that is at work with another configuration ends its attempt first. If the outbox
// cannot be told now, it is told before anything else is.
func (s *Service) Use(ctx context.Context, channels map[string]job.Channel) error {
	err := s.Outbox.UseOutlets(ctx, outletsOf(channels))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels, s.untold = maps.Clone(channels), err != nil
	s.begin()
	return err
}

// tellOutbox tells the outbox of the channels if it does not know them yet.
func (s *Service) tellOutbox(ctx context.Context, channels map[string]job.Channel) error {
	s.mu.Lock()
	untold := s.untold
	s.mu.Unlock()
	if !untold {
		return nil
	}
	return s.Use(ctx, channels)
}

// outletsOf gives what the outbox has to know.
func outletsOf(channels map[string]job.Channel) []job.Outlet {
	outlets := []job.Outlet{}
	for _, name := range slices.Sorted(maps.Keys(channels)) {
		c := channels[name]
		if c.Type == job.ChannelPing {
			continue
		}
		o := job.Outlet{Name: name, Fallback: c.Fallback, Mark: markOf(c)}
		if c.Mail != nil {
			o.Recipients = c.Mail.To
		}
		outlets = append(outlets, o)
	}
	return outlets
}

// markOf tells one configuration of a channel from another, wherever it stands in its file.
func markOf(c job.Channel) string {
	c.Position = job.Position{}
	text, _ := json.Marshal(c) // cannot fail: it is text and numbers
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// Run tells until the context ends, and for the time that the attempts at work then take to notice.
func (s *Service) Run(ctx context.Context) {
	s.mu.Lock()
	s.ctx = ctx
	s.begin()
	s.mu.Unlock()
	s.route(ctx)
	s.loops.Wait()
}

// begin starts what every channel needs and has not got yet.
func (s *Service) begin() {
	if s.ctx == nil || s.ctx.Err() != nil {
		return
	}
	for name, c := range s.channels {
		if s.running[name] {
			continue
		}
		s.running[name] = true
		loop := s.send
		if c.Type == job.ChannelPing {
			loop = s.ping
		}
		s.loops.Go(func() { loop(s.ctx, name) })
	}
}

// channel gives a channel as it counts now; one that is gone, or has become of another sort, ends its loop.
func (s *Service) channel(name string, ping bool) (job.Channel, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, found := s.channels[name]
	if s.ctx.Err() == nil && found && (c.Type == job.ChannelPing) == ping {
		return c, true
	}
	delete(s.running, name)
	s.begin()
	return job.Channel{}, false
}

func (s *Service) all() map[string]job.Channel {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.channels // never changed, only replaced
}

func (s *Service) count(channel, status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[Count{channel, status}]++
}

// Counts gives how attempts went, since the process began.
func (s *Service) Counts() map[Count]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

// lookEvery is how often the store is asked for what other processes and goroutines have written.
const lookEvery = time.Second

// rest waits; false: the context has ended.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
