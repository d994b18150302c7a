package archtest

import (
	"strings"
	"testing"
)

func TestArrows(t *testing.T) {
	packages, err := list("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 3 {
		t.Fatalf("go list gave %d packages; the check would be empty", len(packages))
	}
	for _, line := range arrows(packages) {
		t.Error(line)
	}
}

// TestArrowsSeesViolations is the test of the test: each arrow here is one that the house forbids or allows.
func TestArrowsSeesViolations(t *testing.T) {
	own := func(name string) string { return module + "/" + name }
	for _, c := range []struct {
		name, imports string
		test          bool
		want          string // part of the complaint; empty: allowed
	}{
		{name: "scheduler", imports: own("job")},
		{name: "scheduler", imports: own("store"), want: "does not allow"},
		{name: "scheduler", imports: own("store"), test: true},
		{name: "scheduler", imports: "github.com/robfig/cron/v3"},
		{name: "config", imports: "github.com/robfig/cron/v3", want: "does not allow"},
		{name: "config", imports: own("scheduler")},
		{name: "config", imports: own("store"), want: "does not allow"},
		{name: "job", imports: own("internal/secret"), want: "does not allow"},
		{name: "job", imports: "github.com/google/go-cmp/cmp", want: "does not allow"},
		{name: "job", imports: "github.com/google/go-cmp/cmp", test: true},
		{name: "internal/secret", imports: "golang.org/x/sys/unix", want: "does not allow"},
		{name: "internal/atomicfile", imports: "golang.org/x/sys/unix"},
		{name: "transfer", imports: own("transfer/naming")},
		{name: "transfer", imports: own("transfer/sftp"), want: "does not allow"},
		{name: "transfer/sftp", imports: own("transfer/sftp/wire")},
		{name: "transfer/sftp", imports: own("transfer/sftptest"), want: "for tests only"},
		{name: "transfer/sftp", imports: own("transfer/sftptest"), test: true},
		{name: "transfer/sftp", imports: "github.com/pkg/sftp", want: "does not allow"},
		{name: "transfer/sftp/wire", imports: "golang.org/x/crypto/ssh", want: "does not allow"},
		{name: "transfer/sftp/wire", imports: own("transfer/sftp/wire/packet")},
		{name: "web", imports: "gorm.io/gorm", want: "does not allow"},
		{name: "store", imports: "gorm.io/driver/sqlite"},
		{name: "store", imports: "C", want: "without cgo"},
		{name: "cmd/haulier", imports: own("transfer/sftptest")},
		{name: "cmd/haulier", imports: own("internal/testserver"), want: "for tests only"},
		{name: "cmd/haulier", imports: "github.com/spf13/cobra"},
		{name: "control", imports: "github.com/spf13/cobra", want: "does not allow"},
		{name: "test/audit", imports: own("job"), want: "does not allow"},
		{name: "test/audit", imports: own("store"), want: "does not allow"},
		{name: "test/audit", imports: own("transfer/sftptest"), want: "does not allow"},
		{name: "test/audit", imports: own("internal/atomicfile"), want: "does not allow"},
		{name: "test/audit/witness", imports: own("transfer/local"), want: "does not allow"},
		{name: "test/audit/witness", imports: own("test/audit")},
		{name: "misc", imports: "fmt", want: "not in the table"},
		{name: "store", imports: "net/http"},
	} {
		p := listed{ImportPath: own(c.name), Imports: []string{c.imports}}
		if c.test {
			p.Imports, p.XTestImports = nil, p.Imports
		}
		got := strings.Join(arrows([]listed{p}), "\n")
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s -> %s (in a test: %t): %q, want %q", c.name, c.imports, c.test, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"job", "job", true},
		{"job", "jobs", false},
		{"internal/...", "internal/secret", true},
		{"transfer/...", "transfer", true},
		{"transfer/...", "transferring", false},
		{"...", "anything/at/all", true},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("match(%q, %q) = %t", c.pattern, c.name, got)
		}
	}
}
