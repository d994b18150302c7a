package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// daemonOf runs `serve` until the test, or what it returns, stops it.
func (b bench) daemonOf() (stop func()) {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	a := &app{configPath: b.dir, stdout: io.Discard, stderr: io.Discard}
	done := make(chan error, 1)
	go func() {
		err := a.serve(ctx)
		_ = a.close()
		done <- err
	}()
	socket := filepath.Join(b.dir, "haulier-data", socketFile)
	for range 1000 {
		if daemonAt(ctx, socket) != nil {
			break
		}
		select {
		case err := <-done:
			b.t.Fatalf("serve ended: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			b.t.Errorf("serve: %v", err)
		}
	}
	b.t.Cleanup(stop)
	return stop
}

// scrapeAt gives the samples of a metrics page.
func scrapeAt(t *testing.T, address string) map[string]string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(response.Body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v", response.Status, err)
	}
	samples := map[string]string{}
	for line := range strings.Lines(body.String()) {
		if i := strings.LastIndex(line, " "); !strings.HasPrefix(line, "#") && i > 0 {
			value, err := strconv.ParseFloat(strings.TrimSpace(line[i+1:]), 64)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			samples[inOrder(line[:i])] = strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return samples
}

// inOrder writes the labels of a sample in the order of this test.
func inOrder(sample string) string {
	name, rest, labelled := strings.Cut(strings.TrimSuffix(sample, "}"), "{")
	if !labelled {
		return name
	}
	rank := func(label string) int {
		name, _, _ := strings.Cut(label, "=")
		return slices.Index([]string{"connection", "job", "direction", "status", "slug"}, name)
	}
	labels := strings.Split(rest, ",")
	slices.SortStableFunc(labels, func(a, b string) int { return rank(a) - rank(b) })
	return name + "{" + strings.Join(labels, ",") + "}"
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// TestMetricsOfAKnownNight runs jobs through the daemon over a real server and finds on its metrics page what
// connections stats says, before and after a restart.
func TestMetricsOfAKnownNight(t *testing.T) {
	s := testserver.SSHD(t, testserver.Options{})
	folders(t, s, "out", "in")
	address := freeAddress(t)
	b := newBench(t, connectionTo(s, fmt.Sprintf(`metrics: {listen: "%s"}
jobs:
  fetch:
    type: import
    connection: acme
    schedule: "0 4 1 1 *"
    from: {location: out, match: "*.csv", stable_for: 0s}
    to: {dir: landing}
`, address)))
	b.run(exitOK, "connections", "trust", "acme", "--fingerprint", fingerprintOf(t, s.HostKeyLines[0]))
	b.store(func(ctx context.Context, _ *config.Config, st *store.Store) {
		if err := st.Request(ctx, job.Request{Connection: "acme", Job: "old", Direction: job.Upload, Slug: "net.lost", Bytes: 11}); err != nil {
			t.Fatal(err)
		}
		// A customer's key and the one that it was renewed with.
		for _, end := range []int64{1_800_000_000, 1_900_000_000} {
			key := job.Key{Kind: job.KeyPGPPublic, Name: "acme-out", Expires: time.Unix(end, 0)}
			if _, err := st.AddKey(ctx, key, secret.Text{}); err != nil {
				t.Fatal(err)
			}
		}
		// A retry that succeeds: one good request for people, two attempts for a counter that must not fall.
		for _, ok := range []bool{false, true} {
			if err := st.Request(ctx, job.Request{Connection: "acme", Job: "again", Run: 1, File: 1, Direction: job.Upload, OK: ok, Bytes: 3}); err != nil {
				t.Fatal(err)
			}
		}
	})
	for name, text := range map[string]string{"a.csv": "12345", "b.csv": "1234567"} {
		if err := os.WriteFile(filepath.Join(s.Root, "out", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stop := b.daemonOf()
	b.run(exitOK, "run", "fetch")

	got := scrapeAt(t, address)
	var stats store.Stats
	out, _ := b.run(exitOK, "--json", "connections", "stats", "acme")
	if err := json.Unmarshal([]byte(out), &stats); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		`haulier_requests_total{connection="acme",job="fetch",direction="download",status="ok"}`:     fmt.Sprint(stats.Requests.Download.OK),
		`haulier_requests_total{connection="acme",job="fetch",direction="download",status="failed"}`: fmt.Sprint(stats.Requests.Download.Failed),
		`haulier_requests_total{connection="acme",job="old",direction="upload",status="failed"}`:     fmt.Sprint(stats.Requests.Upload.Failed),
		`haulier_requests_total{connection="acme",job="again",direction="upload",status="ok"}`:       fmt.Sprint(stats.Requests.Upload.OK),
		`haulier_requests_total{connection="acme",job="again",direction="upload",status="failed"}`:   "1",
		`haulier_transferred_bytes_total{connection="acme",direction="download"}`:                    fmt.Sprint(stats.Bytes.Down),
		`haulier_transferred_bytes_total{connection="acme",direction="upload"}`:                      fmt.Sprint(stats.Bytes.Up),
		`haulier_runs_total{job="fetch",status="succeeded"}`:                                         "1",
	}
	if stats.Requests.Download.OK != 2 || stats.Bytes.Down != 12 || stats.Requests.Failed != 1 {
		t.Errorf("stats %+v", stats)
	}
	compare := func(got map[string]string) {
		t.Helper()
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %q, want %q", name, got[name], value)
			}
		}
	}
	compare(got)
	measured := map[string]string{
		`haulier_transfer_duration_seconds_count{connection="acme",direction="download"}`: "2",
		`haulier_run_duration_seconds_count{job="fetch",status="succeeded"}`:              "1",
		`haulier_connection_up{connection="acme"}`:                                        "1",
		`haulier_connections_open{connection="acme"}`:                                     "0",
		`haulier_job_running{job="fetch"}`:                                                "0",
		`haulier_job_paused{job="fetch"}`:                                                 "0",
		`haulier_config_last_reload_successful`:                                           "1",
		`haulier_pgp_key_expiry_timestamp_seconds{key="acme-out@2"}`:                      "1900000000",
		`haulier_pgp_key_expiry_timestamp_seconds{key="acme-out@1"}`:                      "", // nobody waits for its end
	}
	for name, value := range measured {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	for _, name := range []string{
		`haulier_job_last_success_timestamp_seconds{job="fetch"}`, `haulier_job_next_run_timestamp_seconds{job="fetch"}`,
		`haulier_config_last_reload_success_timestamp_seconds`, `haulier_staging_free_bytes`, `haulier_scheduler_lag_seconds`,
	} {
		if got[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	out, _ = b.run(exitOK, "status")
	wants(t, out, "1 job: 1 ok", "daemon up ", "config revision 1", " next     fetch")

	for _, name := range []string{"fetch", "acme"} {
		b.run(exitOK, "pause", name, "--reason", "they move")
		if got := scrapeAt(t, address)[`haulier_job_paused{job="fetch"}`]; got != "1" {
			t.Errorf("with %s paused, the job is %q", name, got)
		}
		b.run(exitOK, "resume", name)
	}

	// The server is gone.
	s.Stop()
	b.run(exitNetwork, "run", "fetch")
	got = scrapeAt(t, address)
	down := map[string]string{
		`haulier_connection_up{connection="acme"}`:                                               "0",
		`haulier_connection_failures_total{connection="acme",slug="net.refused"}`:                "1",
		`haulier_run_duration_seconds_count{job="fetch",status="failed"}`:                        "1",
		`haulier_runs_total{job="fetch",status="failed"}`:                                        "1",
		`haulier_requests_total{connection="acme",job="fetch",direction="download",status="ok"}`: "2",
	}
	for name, value := range down {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	stop()
	b.daemonOf()
	compare(scrapeAt(t, address))
}

// TestMetricsOnATakenPort: serve says so and leaves nothing behind.
func TestMetricsOnATakenPort(t *testing.T) {
	b := newBench(t, statusYAML())
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	b.configure(statusYAML() + fmt.Sprintf("metrics: {listen: %q}\n", taken.Addr().String()))
	_, problem := b.run(exitUnexpected, "serve")
	wants(t, problem, "serve metrics on "+taken.Addr().String())
	if _, err := os.Stat(filepath.Join(b.dir, "haulier-data", socketFile)); err == nil {
		t.Error("the socket stayed although serve ended")
	}
}
