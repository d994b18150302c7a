package web

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/job"
)

type fixedMeter struct {
	figures Figures
	err     error
}

func (m fixedMeter) Figures(context.Context) (Figures, error) { return m.figures, m.err }

func scrape(t *testing.T, m Meter, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Metrics(m).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return w
}

func TestMetricsText(t *testing.T) {
	var h Histogram
	for _, d := range []time.Duration{0, 100 * time.Millisecond, 101 * time.Millisecond, 2 * time.Hour, 3 * time.Hour} {
		h.Observe(d)
	}
	at := time.UnixMilli(1_790_000_000_500)
	got := scrape(t, fixedMeter{figures: Figures{
		Version: "1.2", Go: "go1.26",
		Requests: []RequestFigure{
			{Connection: "acme", Job: "a", Direction: job.Download, OK: 3, Failed: 1, Bytes: 5_000_000_000},
			{Connection: "acme", Job: "b", Direction: job.Download, OK: 1, Bytes: 1},
		},
		Runs:        []RunFigure{{Job: "a", State: job.RunSucceeded, Count: 2}},
		Jobs:        []JobFigure{{Job: "a", LastSuccess: at, Running: true}, {Job: "b", Next: at, Paused: true}},
		Expected:    []ExpectedFigure{{"a", job.VerdictLate, at}},
		Connections: []ConnectionFigure{{Connection: "acme", Up: true, Open: 2}, {Connection: "bank"}},
		Failures:    []FailureFigure{{"acme", "net.refused", 4}, {"bank", "host_key.changed", 1}},
		Keys:        []KeyFigure{{"odd\"\\\nname\xff@1", at}},
		Transfers:   []Timing{{[]Label{{"connection", "acme"}, {"direction", "download"}}, h}},
		Alerts:      map[job.Severity]int{job.SeverityError: 2},
		StagingFree: 1 << 40, ReloadFailed: true, Reloaded: at, Lag: 1500 * time.Millisecond,
	}}, http.MethodGet, "/metrics")
	if got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8") {
		t.Errorf("%d %v", got.Code, got.Header())
	}
	var lines []string
	types := map[string]string{}
	for line := range strings.Lines(got.Body.String()) {
		line = strings.TrimSuffix(line, "\n")
		if text, found := strings.CutPrefix(line, "# TYPE "); found {
			name, kind, _ := strings.Cut(text, " ")
			types[name] = kind
		}
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	want := strings.Split(strings.TrimSpace(`
haulier_requests_total{connection="acme",job="a",direction="download",status="ok"} 3
haulier_requests_total{connection="acme",job="a",direction="download",status="failed"} 1
haulier_requests_total{connection="acme",job="b",direction="download",status="ok"} 1
haulier_requests_total{connection="acme",job="b",direction="download",status="failed"} 0
haulier_transferred_bytes_total{connection="acme",direction="download"} 5000000001
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="0.1"} 2
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="0.5"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="1"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="5"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="15"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="60"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="300"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="900"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="3600"} 3
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="7200"} 4
haulier_transfer_duration_seconds_bucket{connection="acme",direction="download",le="+Inf"} 5
haulier_transfer_duration_seconds_sum{connection="acme",direction="download"} 18000.201
haulier_transfer_duration_seconds_count{connection="acme",direction="download"} 5
haulier_runs_total{job="a",status="succeeded"} 2
haulier_job_last_success_timestamp_seconds{job="a"} 1.7900000005e+09
haulier_job_next_run_timestamp_seconds{job="b"} 1.7900000005e+09
haulier_job_running{job="a"} 1
haulier_job_running{job="b"} 0
haulier_job_paused{job="a"} 0
haulier_job_paused{job="b"} 1
haulier_expectation_state{job="a",state="pending"} 0
haulier_expectation_state{job="a",state="late"} 1
haulier_expectation_state{job="a",state="missing"} 0
haulier_expectation_deadline_timestamp_seconds{job="a"} 1.7900000005e+09
haulier_connection_up{connection="acme"} 1
haulier_connection_up{connection="bank"} 0
haulier_connections_open{connection="acme"} 2
haulier_connections_open{connection="bank"} 0
haulier_connection_failures_total{connection="acme",slug="net.refused"} 4
haulier_connection_failures_total{connection="bank",slug="host_key.changed"} 1
haulier_host_key_changes_total{connection="acme"} 0
haulier_host_key_changes_total{connection="bank"} 1
haulier_pgp_key_expiry_timestamp_seconds{key="odd\"\\\nname`+"\uFFFD"+`@1"} 1.7900000005e+09
haulier_staging_free_bytes 1099511627776
haulier_config_last_reload_successful 0
haulier_config_last_reload_success_timestamp_seconds 1.7900000005e+09
haulier_alerts_open{severity="warning"} 0
haulier_alerts_open{severity="error"} 2
haulier_scheduler_lag_seconds 1.5
haulier_build_info{version="1.2",goversion="go1.26"} 1`), "\n")
	if diff := cmp.Diff(samples(t, want), samples(t, lines)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, kind := range map[string]string{
		"haulier_requests_total": "counter", "haulier_transfer_duration_seconds": "histogram", "haulier_connection_up": "gauge",
	} {
		if types[name] != kind {
			t.Errorf("%s is a %q, want %q", name, types[name], kind)
		}
	}
}

// samples gives the value of each sample by its name and labels, whose order means nothing.
func samples(t *testing.T, lines []string) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for _, line := range lines {
		cut := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[cut+1:], 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		name, rest, _ := strings.Cut(strings.TrimSuffix(line[:cut], "}"), "{")
		labels := strings.Split(rest, ",")
		slices.Sort(labels)
		values[name+"{"+strings.Join(labels, ",")+"}"] = value
	}
	return values
}

func TestMetricsAnswerNothingElse(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/metrics", http.StatusOK},
		{http.MethodPost, "/metrics", http.StatusMethodNotAllowed},
		{http.MethodGet, "/", http.StatusNotFound},
		{http.MethodGet, "/api/v1/overview", http.StatusNotFound},
		{http.MethodPost, "/api/v1/config/reload", http.StatusNotFound},
		{http.MethodGet, "/debug/pprof/", http.StatusNotFound},
	} {
		if got := scrape(t, fixedMeter{}, c.method, c.path).Code; got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
	failed := scrape(t, fixedMeter{err: errors.New("disk at secret place")}, http.MethodGet, "/metrics")
	if failed.Code != http.StatusServiceUnavailable || strings.Contains(failed.Body.String(), "secret") {
		t.Errorf("a failure gives %d %q", failed.Code, failed.Body)
	}
}
