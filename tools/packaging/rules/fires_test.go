package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// A night is what the metrics were, minute by minute, and from when on an alert is to be seen.
type night struct {
	alert, name string
	load        string
	silent      []string // times at which it is not
	fires       []string // times at which it is
}

var nights = []night{
	{"ReloadFailed", "a refused reload", `haulier_config_last_reload_successful 1x10 0x60`, []string{"5m", "13m"}, []string{"20m"}},
	{"ReloadFailed", "all is well", `haulier_config_last_reload_successful 1x60`, []string{"30m"}, nil},
	{"ExpectationMissing", "late is not missing", `haulier_expectation_state{job="a",state="late"} 0x10 1x30 0x60
  haulier_expectation_state{job="a",state="missing"} 0x40 1x60`, []string{"5m", "30m"}, []string{"50m"}},
	{"SchedulerLag", "a minute is no lag", `haulier_scheduler_lag_seconds 60x30 400x30`, []string{"20m", "33m"}, []string{"40m"}},
	{"HostKeyChanged", "the first change counts", `haulier_host_key_changes_total{connection="acme"} 0x10 1x120`, []string{"5m", "90m"}, []string{"15m", "60m"}},
	{"ConnectionDown", "one that worked", `haulier_connection_up{connection="acme"} 1x60 0x60`, []string{"50m", "70m"}, []string{"80m", "110m"}},
	{"ConnectionDown", "a draft wakes nobody", `haulier_connection_up{connection="acme"} 0x240`, []string{"60m", "230m"}, nil},
	{"PGPKeyExpiresSoon", "30 days", `haulier_pgp_key_expiry_timestamp_seconds{key="acme-in@1"} 2595600x240`, []string{"30m", "110m"}, []string{"190m"}},
	{"StagingFilling", "a disk that fills", `haulier_staging_free_bytes 1000e9-1e9x900`, nil, []string{"420m"}},
	{"StagingFilling", "a disk that stays", `haulier_staging_free_bytes 1000e9x900`, []string{"420m"}, nil},
	{"StagingFilling", "a disk that is full", `haulier_staging_free_bytes 1e9x900`, []string{"20m"}, []string{"40m"}},
	{
		// Due every day at the 10th hour; succeeded on the first day, not on the second.
		"JobStale", "a daily job that failed", `haulier_job_next_run_timestamp_seconds{job="a"} 36000x599 122400x1439 208800x1500
  haulier_job_last_success_timestamp_seconds{job="a"} 36300x4000`, []string{"700m", "2000m", "2150m"}, []string{"2180m", "2900m", "3500m"},
	},
	{
		// As before, and paused from the 20th to the 40th hour: what is due on the second day is skipped, and that of the third day fails.
		"JobStale", "a job that is paused for a night", `haulier_job_next_run_timestamp_seconds{job="p"} 36000x599 122400x1439 208800x1439 295200x1500
  haulier_job_last_success_timestamp_seconds{job="p"} 36300x6000
  haulier_job_paused{job="p"} 0x1199 1x1199 0x3600`, []string{"2180m", "2390m", "2410m", "2900m", "3500m"}, []string{"4000m"},
	},
	{
		"JobStale", "a job that stays paused", `haulier_job_next_run_timestamp_seconds{job="p"} 36000x599 122400x1439 208800x1500
  haulier_job_last_success_timestamp_seconds{job="p"} 36300x4000
  haulier_job_paused{job="p"} 0x1199 1x2500`, []string{"2180m", "2900m", "3500m"}, nil,
	},
	{
		"JobStale", "a weekly job that waits for its day", `haulier_job_next_run_timestamp_seconds{job="w"} 604800x4000
  haulier_job_last_success_timestamp_seconds{job="w"} 0x4000`, []string{"1000m", "3900m"}, nil,
	},
	{
		"JobStale", "one that never succeeded", `haulier_job_next_run_timestamp_seconds{job="d"} 36000x599 122400x3000`, []string{"1000m", "3000m"}, nil,
	},
}

// Each alert fires when it is to, and not before; for "for" it has to be seen at every minute of that time.
func TestAlertsFire(t *testing.T) {
	engine := promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples: 50_000_000, Timeout: time.Minute, EnableAtModifier: true, Parser: parser.NewParser(parser.Options{}),
	})
	fired := map[string]bool{}
	all := alerts(t)
	for _, n := range nights {
		t.Run(n.alert+" "+n.name, func(t *testing.T) {
			rule, found := all[n.alert]
			if !found {
				t.Fatal("there is no such alert")
			}
			script := "load 1m\n  " + n.load + "\n"
			storage := promqltest.LoadedStorage(t, script)
			defer storage.Close()
			seen := func(at time.Time) bool {
				query, err := engine.NewInstantQuery(t.Context(), storage, nil, rule.Expr, at)
				if err != nil {
					t.Fatal(err)
				}
				defer query.Close()
				result := query.Exec(t.Context())
				vector, err := result.Vector()
				if err != nil {
					t.Fatal(err)
				}
				return len(vector) > 0
			}
			firing := func(text string) bool {
				at := minutes(t, text)
				for back := time.Duration(0); back <= time.Duration(rule.For); back += time.Minute {
					if !seen(at.Add(-back)) {
						return false
					}
				}
				return true
			}
			for _, at := range n.silent {
				if firing(at) {
					t.Errorf("fires at %s", at)
				}
			}
			for _, at := range n.fires {
				fired[n.alert] = true
				if !firing(at) {
					t.Errorf("does not fire at %s", at)
				}
			}
		})
	}
	for _, name := range shipped {
		if !fired[name] {
			t.Errorf("no night has %s fire", name)
		}
	}
}

func minutes(t *testing.T, text string) time.Time {
	t.Helper()
	n := 0
	if _, err := fmt.Sscanf(strings.TrimSuffix(text, "m"), "%d", &n); err != nil {
		t.Fatal(err)
	}
	return time.Unix(int64(n)*60, 0)
}
