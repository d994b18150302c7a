package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Servers looks at customers' servers, each in bounded time, and keeps their host keys.
type Servers interface {
	TestConnection(ctx context.Context, name, by string) (Test, error)
	// PlanJob says what the next run of a job would do; nothing is moved.
	PlanJob(ctx context.Context, name, by string) (Plan, error)
	// HostKeys tells what concerns the connections that a sight shows.
	HostKeys(ctx context.Context, name string, sight job.Sight) (HostKeys, error)
	// TrustHostKey asks the server for its keys, and pins the one that bears the fingerprint.
	TrustHostKey(ctx context.Context, name string, t Trusting, sight job.Sight) (HostKeys, error)
}

// Test is what a test of a connection came to, step by step.
type Test struct {
	Connection string      `json:"connection"`
	OK         bool        `json:"ok"`
	Stages     []TestStage `json:"stages"`
	Error      *job.Reason `json:"error"`
}

// TestStage is one step of a test.
type TestStage struct {
	Name         string `json:"name"`
	State        string `json:"state"` // ok, FAIL, warn, or -- for one that was not reached
	Milliseconds int64  `json:"ms"`
	Detail       string `json:"detail"`
}

// Plan is what the next run of a job would do.
type Plan struct {
	Job     string           `json:"job"`
	Type    job.Type         `json:"type"`
	Next    time.Time        `json:"next,omitzero"`
	Counts  map[job.Mark]int `json:"counts"` // of all intents, by their marks
	Intents []job.Intent     `json:"intents"`
	Left    int              `json:"left,omitempty"` // intents beyond those
}

// HostKeys are the host keys of a connection's server, and of the jump hosts on the way to it.
type HostKeys struct {
	Connection string `json:"connection"`
	ServerKeys
	Jump     []JumpKeys `json:"jump,omitempty"`      // in the order in which they are met
	Pinned   []string   `json:"pinned,omitempty"`    // fingerprints that were pinned by this request
	PinnedAt string     `json:"pinned_at,omitempty"` // address of the server that they are of
}

// JumpKeys are the host keys of a jump host.
type JumpKeys struct {
	Name string `json:"name"`
	ServerKeys
}

// ServerKeys are the host keys of one server.
type ServerKeys struct {
	Address string         `json:"address"`
	From    string         `json:"from"` // where those that count are: store, or configuration
	Keys    []HostKey      `json:"keys"` // that count
	Shown   []HostKeyShown `json:"shown"`
	// Shared says that the server is also one of connections that are not yours to see: who trusted keys, and when it showed which, is not told.
	Shared bool `json:"shared,omitempty"`
}

// HostKey is one that counts.
type HostKey struct {
	Type        string    `json:"type"`
	Fingerprint string    `json:"fingerprint"`   // SHA256:…
	Key         string    `json:"key,omitempty"` // as an authorized_keys line; none where only the fingerprint is configured
	Added       time.Time `json:"added,omitzero"`
	By          string    `json:"by,omitempty"`
	Why         string    `json:"why,omitempty"`
}

// HostKeyShown is one that the server has shown, the latest first.
type HostKeyShown struct {
	Type        string    `json:"type"`
	Fingerprint string    `json:"fingerprint"`
	Key         string    `json:"key"`
	Counts      bool      `json:"counts"` // it is one of those that count
	First       time.Time `json:"first"`
	Last        time.Time `json:"last"`
	Times       int       `json:"times"`
}

// Trusting is the body that asks for a host key to be pinned.
type Trusting struct {
	By          string `json:"by,omitempty"`
	Fingerprint string `json:"fingerprint"`       // SHA256:…, compared with the customer by another way
	Replace     bool   `json:"replace,omitempty"` // forget pins of the server that it no longer shows
}

// Whoever asks may leave: what was begun at a customer's server is brought to its end, and is in the audit list.

func (a *api) test(r *http.Request) (any, error) {
	body, err := asked(r)
	if err != nil {
		return nil, err
	}
	test, err := a.Servers.TestConnection(context.WithoutCancel(r.Context()), r.PathValue("name"), body.By)
	test.Stages = append([]TestStage{}, test.Stages...)
	return test, err
}

func (a *api) plan(r *http.Request) (any, error) {
	q := asking{values: r.URL.Query()}
	limit := q.limit()
	if q.err != nil {
		return nil, q.err
	}
	body, err := asked(r)
	if err != nil {
		return nil, err
	}
	plan, err := a.Servers.PlanJob(r.Context(), r.PathValue("name"), body.By)
	if err != nil {
		return nil, err
	}
	plan.Counts = job.CountIntents(plan.Intents)
	plan.Left = max(0, len(plan.Intents)-limit)
	plan.Intents = append([]job.Intent{}, plan.Intents[:len(plan.Intents)-plan.Left]...)
	return plan, nil
}

func (a *api) hostKeys(r *http.Request) (any, error) {
	return a.Servers.HostKeys(r.Context(), r.PathValue("name"), route.Of(r.Context()).Sight)
}

func (a *api) trust(r *http.Request) (any, error) {
	var body Trusting
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	if body.Fingerprint == "" {
		return nil, badRequest{errors.New("fingerprint is empty: it is what the customer told by another way, SHA256:…")}
	}
	return a.Servers.TrustHostKey(context.WithoutCancel(r.Context()), r.PathValue("name"), body, route.Of(r.Context()).Sight)
}
