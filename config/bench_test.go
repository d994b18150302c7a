package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// manyJobs writes a configuration of n jobs in files of 25.
func manyJobs(tb testing.TB, n int) string {
	tb.Helper()
	dir := tb.TempDir()
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	write("haulier.yaml", "version: 1\ntimezone: Europe/Brussels\ninclude: ['part-*.yaml']\n")
	for part := 0; part*25 < n; part++ {
		var b strings.Builder
		fmt.Fprintf(&b, "connections:\n  c%d:\n    host: sftp%d.example\n    username: u\n    auth: {methods: [publickey], key: k%d}\n"+
			"    locations: {out: {path: /out, use: download}, in: /in}\n    inbound: {pgp: {decrypt_with: k}}\njobs:\n", part, part, part)
		for i := part * 25; i < part*25+25 && i < n; i++ {
			fmt.Fprintf(&b, "  j%d:\n    type: import\n    connection: c%d\n    schedule: \"*/15 0-5 * * *\"\n    from: {location: out, match: \"f%d_{date:%%Y%%m%%d}*.csv.pgp\"}\n"+
				"    to: {dir: /srv/landing/%d, name: \"{stem}\"}\n    after_success: {move: in}\n", i, part, i, i)
		}
		write(fmt.Sprintf("part-%04d.yaml", part), b.String())
	}
	return dir
}

func TestManyJobsLoad(t *testing.T) {
	c, problems := Load(manyJobs(t, 500), options(""))
	if c == nil || len(c.Jobs) != 500 || len(c.Connections) != 20 || len(problems.List) > 0 {
		t.Fatal(problems.Text(false))
	}
}

// A ring of jobs, each after the one before, is told once, wherever one comes to it from; a step a job finds it.
func TestRingIsToldOnce(t *testing.T) {
	const n = 5_000
	after, seen := map[string]string{"first": "second", "second": "c0"}, map[string]bool{}
	for i := range n {
		after[fmt.Sprintf("c%d", i)] = fmt.Sprintf("c%d", (i+1)%n)
	}
	var rings [][]string
	for name := range after {
		if ring := ringOf(name, after, seen); len(ring) > 0 {
			rings = append(rings, ring)
		}
	}
	if len(rings) != 1 || len(rings[0]) != n || len(seen) != n+2 {
		t.Errorf("%d rings, %d jobs seen", len(rings), len(seen))
	}
}

// Of two texts those sections are taken apart that differ; what is told is the same as of every setting by itself.
func TestDiffBySections(t *testing.T) {
	was := "version: 1\njobs:\n  a:\n    from:\n      match: x\n    to: y\n  b:\n    to: y\n  d:\n    to: y\nlog:\n  level: info\n"
	is := "version: 1\njobs:\n  a:\n    from:\n      match: z\n    to: y\n  c:\n    to: y\n  d:\n    to: y\nlog:\n  level: debug\n"
	want := "- jobs.a.from.match: x\n+ jobs.a.from.match: z\n- jobs.b.to: y\n+ jobs.c.to: y\n- log.level: info\n+ log.level: debug\n"
	if got := Diff(was, is); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Diff("", was); strings.Count(got, "+ ") != strings.Count(got, "\n") || strings.Count(got, "\n") != 6 {
		t.Errorf("all that came:\n%s", got)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{50, 500, 5000} {
		b.Run(fmt.Sprintf("%dJobs", n), func(b *testing.B) {
			dir, o := manyJobs(b, n), options("")
			b.ReportAllocs()
			for b.Loop() {
				if c, problems := Load(dir, o); c == nil {
					b.Fatal(problems.Text(false))
				}
			}
		})
	}
}

func BenchmarkShow500Jobs(b *testing.B) {
	c, _ := Load(manyJobs(b, 500), options(""))
	tree := c.tree
	for b.Loop() {
		tree.write()
	}
}
