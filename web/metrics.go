package web

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/haulier/haulier/job"
)

// Meter gives the figures of now. Counters in it never fall while the process lives; those of requests and runs are
// counted from rows and go on after a restart.
type Meter interface {
	Figures(ctx context.Context) (Figures, error)
}

// Figures are everything that is measured. Empty lists are families without samples.
type Figures struct {
	Version string
	Go      string

	Requests    []RequestFigure
	Runs        []RunFigure
	Jobs        []JobFigure
	Expected    []ExpectedFigure
	Connections []ConnectionFigure
	Failures    []FailureFigure
	Keys        []KeyFigure
	Deliveries  []DeliveryFigure
	Transfers   []Timing // by connection and direction
	RunTimes    []Timing // by job and status

	Alerts map[job.Severity]int // incidents that are open

	StagingFree  int64 // bytes on the disk of the data folder; negative: not known
	ReloadFailed bool  // the last reload was refused
	Reloaded     time.Time
	Lag          time.Duration
}

// RequestFigure counts attempts of gets and puts.
type RequestFigure struct {
	Connection string
	Job        string
	Direction  job.Direction
	OK, Failed int64
	Bytes      int64
}

// RunFigure counts ended runs.
type RunFigure struct {
	Job   string
	State job.RunState
	Count int64
}

// JobFigure is how a configured job stands.
type JobFigure struct {
	Job         string
	LastSuccess time.Time // zero: never
	Next        time.Time // zero: no such time is known
	Running     bool
	Paused      bool // it or its connection is paused or disabled
}

// ExpectedFigure is how the day of a job stands that is late or missing, else the one that comes.
type ExpectedFigure struct {
	Job      string
	Verdict  job.Verdict
	Deadline time.Time // the next: of being late, or missing
}

// ConnectionFigure is how a configured connection stands.
type ConnectionFigure struct {
	Connection string
	Up         bool // it has logged in, and nothing that concerns it is open
	Open       int  // sessions of runs
}

// FailureFigure counts runs that a connection failed, since the process began.
type FailureFigure struct {
	Connection string
	Slug       string
	Count      int64
}

// KeyFigure is a PGP key that expires.
type KeyFigure struct {
	Key     string // name@version
	Expires time.Time
}

// DeliveryFigure counts attempts to tell a channel, since the process began.
type DeliveryFigure struct {
	Channel string
	Status  string // sent, failed or disabled
	Count   int64
}

// Timing is a histogram and what it is about.
type Timing struct {
	Labels []Label
	Histogram
}

// scrapePatience bounds the making of one answer.
const scrapePatience = 10 * time.Second

// Metrics answers GET /metrics, and nothing else, with the figures in the format that Prometheus asks for.
func Metrics(m Meter) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), scrapePatience)
		defer cancel()
		figures, err := m.Figures(ctx)
		if err != nil {
			http.Error(w, "the figures cannot be read", http.StatusServiceUnavailable)
			return
		}
		registry := prometheus.NewRegistry()
		registry.MustRegister(collector{familiesOf(figures)})
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
	return mux
}
