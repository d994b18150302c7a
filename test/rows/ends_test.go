package rows_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// counted gives the lines of the metrics that begin with one of these names.
func (w *world) counted(port int, names ...string) (lines []string) {
	w.t.Helper()
	_, text := request(w.t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), "")
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(line, name) }) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// E24: a run in which some files came to no good end is no success anywhere: the part that was rejected and the file that is held are told as
// events, stand as incidents with their own causes, and are counted. What is good comes all the same, and is told as such.
func TestEndsThatArePartialOrHeldAreTold(t *testing.T) {
	w, c := newWorld(t), newCustomer(t, sftptest.Options{})
	port := freePort(t)
	c.put("out/good.csv", "good")
	c.put("out/empty.csv", "")
	c.put("two/twice.csv", "the same")
	w.config(fmt.Sprintf("metrics: {listen: \"127.0.0.1:%d\"}\n", port), "connections:\n", c.connection("acme", "locations: {out: /out, two: /two}"),
		"jobs:\n", importJob("part", "acme", "out"), importJob("held", "acme", "two", "duplicates: hold"))
	w.serve()
	w.haulier(0, "run", "held")
	if err := os.Chtimes(filepath.Join(c.root, "two/twice.csv"), time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.haulier(4, "run", "held")
	w.haulier(4, "run", "part")

	same(t, "landed", w.names("part"), []string{"good.csv"})
	for _, told := range []struct {
		kind  string
		parts []string
		n     int
	}{
		{"run.partial", []string{`"part"`, `"content.empty"`, `"ok":1`, `"failed":1`}, 1},
		{"run.partial", []string{`"held"`, `"content.duplicate"`, `"held":1`}, 1},
		{"file.landed", []string{`"part"`, "good.csv"}, 1},
		{"file.rejected", []string{`"part"`, "empty.csv", `"content.empty"`}, 1},
		{"file.held", []string{`"held"`, "twice.csv", `"content.duplicate"`}, 1},
		{"run.succeeded", []string{`"held"`}, 1}, // the first, which brought the file
		{"run.succeeded", []string{`"part"`}, 0},
	} {
		if n := w.told(told.kind, told.parts...); n != told.n {
			t.Errorf("%d events %s with %q, want %d", n, told.kind, told.parts, told.n)
		}
	}
	same(t, "incidents", w.status().causes(), []string{"job/held/content.duplicate", "job/part/content.empty"})
	same(t, "figures", w.counted(port, "haulier_runs_total", "haulier_alerts_open"), []string{
		`haulier_alerts_open{severity="error"} 2`, `haulier_alerts_open{severity="warning"} 0`,
		`haulier_runs_total{job="held",status="partial"} 1`, `haulier_runs_total{job="held",status="succeeded"} 1`, `haulier_runs_total{job="part",status="partial"} 1`,
	})
}
