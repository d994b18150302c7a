package rules

import (
	"encoding/json"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

const (
	rulesFile     = "../../../packaging/prometheus/rules.yaml"
	dashboardFile = "../../../packaging/grafana/haulier.json"
)

// shipped are the alerts that have to be there.
var shipped = []string{"ConnectionDown", "ExpectationMissing", "HostKeyChanged", "JobStale", "PGPKeyExpiresSoon", "ReloadFailed", "SchedulerLag", "StagingFilling"}

func alerts(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rulesFile, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		t.FailNow()
	}
	all := map[string]rulefmt.Rule{}
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			all[rule.Alert] = rule
		}
	}
	return all
}

// Prometheus takes the rules, and each says how bad it is and what to do.
func TestRulesAreTaken(t *testing.T) {
	var names []string
	for name, rule := range alerts(t) {
		names = append(names, name)
		if rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
			t.Errorf("%s lacks a severity, a summary or a description", name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, shipped) {
		t.Errorf("the alerts are %q, want %q", names, shipped)
	}
}

// variable is what Grafana puts in before it asks.
var variable = regexp.MustCompile(`\$__range|\$connection`)

// Every question of the dashboard is one that Prometheus understands.
func TestDashboardAsksWhatPrometheusUnderstands(t *testing.T) {
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Title, UID string
		Panels     []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(text, &board); err != nil {
		t.Fatal(err)
	}
	asked, ids := 0, map[int]bool{}
	for _, panel := range board.Panels {
		if ids[panel.ID] || panel.Title == "" || panel.GridPos.W == 0 || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("panel %d %q has the number of another, no title, or no place", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		if len(panel.Targets) == 0 && panel.Type != "row" {
			t.Errorf("%q asks nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			asked++
			expr := variable.ReplaceAllStringFunc(target.Expr, func(v string) string { return map[string]string{"$__range": "30d", "$connection": ".*"}[v] })
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(expr); err != nil {
				t.Errorf("%q: %v", panel.Title, err)
			}
		}
	}
	if asked < 15 || board.UID == "" {
		t.Errorf("%d questions in the dashboard %q", asked, board.UID)
	}
}
