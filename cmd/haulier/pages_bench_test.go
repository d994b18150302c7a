package main

import (
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/access"
)

var filledStore = flag.String("filled", "", "a store `file` that the benchmarks of package store have filled; without one the store is empty")

// BenchmarkFirstView is the time from the request to the last byte of the first page, for somebody who is logged in, of a daemon with 500 jobs. "anew" has
// everything looked at; "again" is asked within the second for which one look serves everybody. docs/performance.md has the figures and the commands.
func BenchmarkFirstView(b *testing.B) {
	site, browser, house := firstViewOver(b)
	for name, before := range map[string]func(){"anew": house.forget, "again": func() {}} {
		b.Run(name, func(b *testing.B) {
			var bytes int64
			for b.Loop() {
				before()
				bytes = firstView(b, browser, site)
			}
			b.ReportMetric(float64(bytes), "bytes")
		})
	}
}

// firstView asks for the first page, and gives how many bytes it took.
func firstView(b *testing.B, browser *http.Client, site string) int64 {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, site+"/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := browser.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	var counted counter
	unzipped, err := gzip.NewReader(io.TeeReader(answer.Body, &counted))
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil || !strings.Contains(string(text), "500 jobs") {
		b.Fatalf("no first page: %v, %.3000s", err, text)
	}
	return int64(counted)
}

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// firstViewOver serves the pages over loopback, and logs somebody in.
func firstViewOver(b *testing.B) (site string, browser *http.Client, house *pageHouse) {
	b.Helper()
	b.Setenv("PAGES_PASSWORD", "x")
	dir := b.TempDir()
	if err := os.WriteFile(filepath.Join(dir, configName), []byte(manyJobs()), 0o600); err != nil {
		b.Fatal(err)
	}
	a := &app{configPath: dir, stderr: io.Discard}
	cfg, err := a.config()
	if err == nil {
		err = copyFilled(cfg)
	}
	if err != nil {
		b.Fatal(err)
	}
	s, err := a.openStore(b.Context(), cfg)
	if err != nil {
		b.Fatal(err)
	}
	var background sync.WaitGroup
	ctx, cancel := context.WithCancel(b.Context())
	d, _, sys := a.newDaemon(ctx, cfg, s, &background)
	d.Drafts = func(*config.Config) {}
	if err := d.Use(ctx, cfg, "ops"); err != nil {
		b.Fatal(err)
	}
	house = &pageHouse{daemon: d}
	log := slog.New(slog.DiscardHandler)
	hash, err := access.HashPassword(secret.New([]byte("correct horse battery")))
	if err == nil {
		err = s.AddUser(ctx, job.User{Name: "ann", Role: "operator"}, hash, "bench")
	}
	if err != nil {
		b.Fatal(err)
	}
	n, err := listenWidely(ctx, config.Web{Listen: "127.0.0.1:0"}, s, pageRoutesOf(house, servers{house.daemon, sys.pool, &turns{}}), log, net.Listen)
	if err != nil {
		b.Fatal(err)
	}
	server := serveOn(n.listener, n.handler, log)
	b.Cleanup(func() {
		_ = server.stop()
		cancel()
		background.Wait()
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	site = "http://" + n.listener.Addr().String()
	jar, _ := cookiejar.New(nil)
	browser = &http.Client{Jar: jar, Timeout: time.Minute}
	login, err := http.NewRequestWithContext(ctx, http.MethodPost, site+"/login", strings.NewReader(url.Values{"user": {"ann"}, "password": {"correct horse battery"}, "to": {"/help"}}.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	login.Header.Set("Origin", site)
	answer, err := browser.Do(login)
	if err != nil {
		b.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		b.Fatal(err)
	}
	return site, browser, house
}

// copyFilled puts a copy of the filled store where the configuration has its own.
func copyFilled(cfg *config.Config) error {
	if *filledStore == "" {
		return nil
	}
	from, err := os.Open(*filledStore)
	if err != nil {
		return err
	}
	defer from.Close()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return err
	}
	to, err := os.OpenFile(inData(cfg, storeFile), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.Close()
}

// manyJobs is the configuration of the jobs of a filled store.
func manyJobs() string {
	var text strings.Builder
	text.WriteString("version: 1\ntimezone: UTC\nconnections:\n")
	for n := 1; n <= 100; n++ {
		fmt.Fprintf(&text, "  c%d: {entity: e%d, host: 127.0.0.1, port: 1, username: u%d, auth: {methods: [password], password: {env: PAGES_PASSWORD}}, locations: {out: /out}}\n", n, n%20, n)
	}
	text.WriteString("jobs:\n")
	for n := 1; n <= 500; n++ {
		fmt.Fprintf(&text, "  j%d: {type: import, connection: c%d, schedule: \"*/15 * * * *\", from: {location: out, match: \"*\"}, to: {dir: landing/j%d}}\n", n, n%100+1, n)
	}
	return text.String()
}
