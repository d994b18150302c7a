package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

func TestCompletion(t *testing.T) {
	good := &app{configPath: "../../examples/emersion"}
	cfg := good.configQuietly()
	if cfg == nil || len(cfg.Jobs) < 1 || len(cfg.Connections) != 1 {
		t.Fatalf("the example does not suit this test: %+v", cfg)
	}
	firstJob := cfg.Jobs[0]
	connection := cfg.Connections[firstJob.Connection]
	offered := cobra.CompletionWithDesc(connection.Name, connection.Host)
	bad := filepath.Join(t.TempDir(), configName)
	if err := os.WriteFile(bad, []byte("version: 99\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	jobs, directive := good.completeJobs(nil, nil, "")
	if len(jobs) != len(cfg.Jobs) || jobs[0] != cobra.CompletionWithDesc(firstJob.Name, string(firstJob.Type)+", "+firstJob.Connection) {
		t.Errorf("completeJobs offers %q", jobs)
	}
	if directive != cobra.ShellCompDirectiveNoFileComp {
		t.Errorf("completeJobs offers files too: %v", directive)
	}
	if rest, _ := good.completeJobs(nil, []string{firstJob.Name}, ""); len(rest) != len(jobs)-1 {
		t.Errorf("completeJobs offers what was typed: %q", rest)
	}
	for _, c := range []struct {
		name     string
		complete cobra.CompletionFunc
		typed    []string
		want     []cobra.Completion
	}{
		{"connections", good.completeConnections, nil, []cobra.Completion{offered}},
		{"connections, typed", good.completeConnections, []string{connection.Name}, nil},
		{"only the first", firstOnly(good.completeConnections), nil, []cobra.Completion{offered}},
		{"only the first, typed", firstOnly(good.completeConnections), []string{"x"}, nil},
		{"jobs of a bad configuration", (&app{configPath: bad}).completeJobs, nil, nil},
		{"connections of no configuration", (&app{configPath: "nowhere.yaml"}).completeConnections, nil, nil},
	} {
		got, directive := c.complete(nil, c.typed, "")
		if diff := cmp.Diff(c.want, got); diff != "" || directive != cobra.ShellCompDirectiveNoFileComp {
			t.Errorf("%s (-want +got), %v:\n%s", c.name, directive, diff)
		}
	}
}
