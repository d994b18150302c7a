package month

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
)

// Where things are told.
const (
	mailServer = "localhost:25"
	hookServer = "hooks.platform.example:80"
	pingServer = "pings.example:80"
	pagerURL   = "generic://pager.example/month"
	whsec      = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
)

// office is everybody who is told: a mail server, the platform's receiver of webhooks, a pager, and who listens for the pings. They
// speak SMTP and HTTP over pipes inside the process, as real sockets keep the time of a test from moving.
type office struct {
	t        *testing.T
	mail     testserver.Mail
	web      http.Server
	calls    calls
	closed   atomic.Bool // the platform takes no connections
	verifier *standardwebhooks.Webhook

	mu    sync.Mutex
	got   []message
	pings []time.Time
}

// message is what somebody received.
type message struct {
	at   time.Time
	to   string // an address of mail, platform or pager
	id   string // the same in every attempt
	says string // what a line of the list says of it
	tells
}

// most is more than anybody is told in a month: who tells without an end is stopped.
const most = 2000

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, calls: calls{make(chan net.Conn), make(chan struct{})}}
	o.mail.Took = o.letter
	var err error
	if o.verifier, err = standardwebhooks.NewWebhook(whsec); err != nil {
		t.Fatal(err)
	}
	o.web.Handler = http.HandlerFunc(o.ask)
	go func() { _ = o.web.Serve(o.calls) }()
	return o
}

func (o *office) close() { _ = o.web.Close() }

// dial connects to whom a channel wants to tell.
func (o *office) dial(ctx context.Context, _, address string) (net.Conn, error) {
	here, there := net.Pipe()
	switch {
	case address == mailServer:
		go o.mail.Serve(there)
		return here, nil
	case address == hookServer && o.closed.Load():
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case address == hookServer, address == pingServer:
		select {
		case o.calls.waiting <- there:
			return here, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	o.t.Errorf("%s was dialled", address)
	return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
}

// Reveal knows the secrets of the channels.
func (o *office) Reveal(_ context.Context, ref job.SecretRef) (secret.Text, error) {
	all := map[string]string{"whsec": whsec, "pager": pagerURL}
	return secret.New([]byte(all[ref.Name])), nil
}

func (o *office) take(to, id, says string, about tells) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.got) == most {
		panic("nobody is told so much in a month: " + to + ": " + says)
	}
	o.got = append(o.got, message{time.Now(), to, id, says, about})
}

// ask answers what is asked over HTTP.
func (o *office) ask(w http.ResponseWriter, r *http.Request) {
	if r.Host == strings.TrimSuffix(pingServer, ":80") {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.pings = append(o.pings, time.Now())
		return
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = o.verifier.Verify(body, r.Header)
	}
	if err != nil {
		o.t.Errorf("a webhook that does not verify: %v", err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	about, says := o.hook(body)
	o.take("platform", r.Header.Get("Webhook-Id"), says, about)
	w.WriteHeader(http.StatusNoContent)
}

// page is what the pager shows.
func (o *office) page(_ context.Context, url secret.Text, _, text string) error {
	if string(url.Reveal()) != pagerURL {
		o.t.Errorf("the pager's URL is another")
	}
	says, rest, _ := strings.Cut(text, " · ")
	if !strings.HasPrefix(says, "haulier: OK") && rest == "" {
		o.t.Errorf("the pager shows no cause: %s", text)
	}
	o.mu.Lock()
	n := len(o.got)
	o.mu.Unlock()
	o.take("pager", "page-"+strconv.Itoa(n), says, tells{})
	return nil
}

// silences are what whoever listens for pings would tell of: none came for longer than they should be apart.
func (o *office) silences(every time.Duration) (all []message) {
	for i := range len(o.pings) - 1 {
		if last, next := o.pings[i], o.pings[i+1]; next.Sub(last) > every+time.Second {
			all = append(all, message{at: next, to: "deadman", says: "heard nothing since " + stamp(last)})
		}
	}
	return all
}

// calls are connections that wait for the web server.
type calls struct {
	waiting chan net.Conn
	over    chan struct{}
}

func (c calls) Accept() (net.Conn, error) {
	select {
	case conn := <-c.waiting:
		return conn, nil
	case <-c.over:
		return nil, net.ErrClosed
	}
}

func (c calls) Close() error   { close(c.over); return nil }
func (c calls) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }
