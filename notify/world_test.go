package notify

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/store/blank"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The secrets of the tests. None may be seen anywhere but where it belongs.
const (
	canary  = "canary-5e1f"
	whsec   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	whsec2  = "whsec_bm90IHRoZSBzYW1lIGtleSBhdCBhbGwh"
	pagerTo = "generic://pager.example/" + canary
)

// vault is a set of secrets, by name.
type vault map[string]string

func (v vault) Reveal(_ context.Context, ref job.SecretRef) (secret.Text, error) {
	text, found := v[ref.Name]
	if !found {
		return secret.Text{}, &job.Reason{Slug: "config.secret_missing", Cause: "it is not there", Do: "haulier secrets set", Who: job.WhoUs}
	}
	return secret.New([]byte(text)), nil
}

func ref(name string) job.SecretRef { return job.SecretRef{From: job.SecretStored, Name: name} }

func given(name string) job.Given { r := ref(name); return job.Given{Secret: &r} }

// world is a service on a real store.
type world struct {
	*testing.T
	store  *store.Store
	vault  vault
	log    syncBuffer
	routed []string
	quiet  []string
	conn   job.Connection
	shouts chan string
	alive  func(context.Context) error
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, vault: vault{"whsec": whsec, "whsec2": whsec2, "pager": pagerTo, "password": canary}, shouts: make(chan string, 100)}
	s, err := store.Open(t.Context(), store.Options{Path: blank.Lay(t, filepath.Join(t.TempDir(), "haulier.db"))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.store = s
	w.conn = job.Connection{Name: "acme", DisplayName: "ACME Retail", Contacts: []string{"it@acme.example", "phone 12"}}
	w.conn.Host, w.conn.Port, w.conn.User = "sftp.acme.example", 22, "platform"
	return w
}

func (w *world) options() Options {
	return Options{
		Outbox: w.store, Tray: w.store, Secrets: w.vault,
		Route: func(context.Context, job.Event) (job.Route, error) {
			return job.Route{Told: w.routed, Quiet: w.quiet}, nil
		},
		Connection: func(name string) (job.Connection, bool) {
			return w.conn, name == w.conn.Name
		},
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("203.0.113.9")}, nil
		},
		Shout: func(_ context.Context, url secret.Text, _, text string) error {
			if string(url.Reveal()) != pagerTo {
				w.Error("the pager's URL is another one")
			}
			w.shouts <- text
			return nil
		},
		Alive: w.alive, Version: "test", Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
}

// serve runs the service with these channels; stop ends it.
func (w *world) serve(channels ...job.Channel) (s *Service, stop func()) {
	w.Helper()
	s = New(w.options())
	w.use(s, channels...)
	ctx, cancel := context.WithCancel(w.Context())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	w.Cleanup(stop)
	return s, stop
}

func (w *world) use(s *Service, channels ...job.Channel) {
	w.Helper()
	all := map[string]job.Channel{}
	for _, c := range channels {
		all[c.Name] = c
	}
	if err := s.Use(w.Context(), all); err != nil {
		w.Fatal(err)
	}
}

// run makes an event run.started.
func (w *world) run(name string) {
	w.Helper()
	if _, err := w.store.BeginRun(w.Context(), job.Run{Job: name, Connection: "acme"}); err != nil {
		w.Fatal(err)
	}
}

// alert makes an event alert.opened.
func (w *world) alert(cause string, r job.Reason) {
	w.Helper()
	at := time.Now()
	if _, err := w.store.Raise(w.Context(), cause, "", r, at); err != nil {
		w.Fatal(err)
	}
	w.tellDue(at.Add(job.GatherFor))
}

// tellDue says what is due to be said of incidents at a time.
func (w *world) tellDue(at time.Time) {
	w.Helper()
	ids, _, err := w.store.IncidentsDue(w.Context(), at, 0)
	for _, id := range ids {
		if err == nil {
			_, err = w.store.TellIncident(w.Context(), id, at, func(job.Incident) store.Manner { return store.Manner{Contacts: w.conn.Contacts} })
		}
	}
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) deliveries() []job.Delivery {
	w.Helper()
	all, err := w.store.ListDeliveries(w.Context(), job.Deliveries{})
	if err != nil {
		w.Fatal(err)
	}
	return all
}

// until waits until the newest delivery is as it should be.
func (w *world) until(is func(job.Delivery) bool) job.Delivery {
	w.Helper()
	for w.Context().Err() == nil {
		if all := w.deliveries(); len(all) > 0 && is(all[0]) {
			return all[0]
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.Fatal("the test ended first")
	return job.Delivery{}
}

// untilAll waits until there are so many deliveries, all in a state.
func (w *world) untilAll(n int, state job.DeliveryState) {
	w.Helper()
	for w.Context().Err() == nil {
		done := 0
		for _, d := range w.deliveries() {
			if d.State == state {
				done++
			}
		}
		if done >= n {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func inState(state job.DeliveryState) func(job.Delivery) bool {
	return func(d job.Delivery) bool { return d.State == state }
}

// received is a request that a hook got.
type received struct {
	header http.Header
	body   []byte
}

// hook is a receiver that verifies with the library of Standard Webhooks and answers by answer.
func (w *world) hook(answer http.HandlerFunc) (c job.Channel, got chan received) {
	w.Helper()
	got = make(chan received, 100)
	verifier, err := standardwebhooks.NewWebhook(whsec)
	if err != nil {
		w.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := verifier.Verify(body, r.Header); err != nil {
			w.Errorf("the signature does not verify: %v", err)
		}
		got <- received{r.Header.Clone(), body}
		answer(rw, r)
	}))
	w.Cleanup(server.Close)
	w.vault["hook"] = server.URL + "/" + canary
	return job.Channel{Name: "hook", Type: job.ChannelWebhook, Webhook: &job.Webhook{
		URL: given("hook"), Secrets: []job.SecretRef{ref("whsec")}, Format: job.FormatStandard, AllowPrivate: true,
	}}, got
}

func answering(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}
