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

func BenchmarkLoad500Jobs(b *testing.B) {
	dir := manyJobs(b, 500)
	o := options("")
	b.ReportAllocs()
	for b.Loop() {
		if c, problems := Load(dir, o); c == nil {
			b.Fatal(problems.Text(false))
		}
	}
}

func BenchmarkShow500Jobs(b *testing.B) {
	c, _ := Load(manyJobs(b, 500), options(""))
	for b.Loop() {
		Show(c)
	}
}
