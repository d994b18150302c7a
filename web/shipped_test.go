package web

import (
	"os"
	"regexp"
	"testing"
)

// metricName is a metric of ours in a text; names of folders and fields have no such form.
var metricName = regexp.MustCompile(`\bhaulier_[a-z_]+`)

// What rules and dashboard that are shipped ask for is what is answered.
func TestShippedRulesAskForWhatThereIs(t *testing.T) {
	there := map[string]bool{}
	for _, f := range familiesOf(Figures{}) {
		there[f.name] = true
		if f.kind == "histogram" {
			there[f.name+"_bucket"], there[f.name+"_sum"], there[f.name+"_count"] = true, true, true
		}
	}
	for file, least := range map[string]int{"../packaging/prometheus/rules.yaml": 8, "../packaging/grafana/haulier.json": 15} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		names := metricName.FindAllString(string(text), -1)
		if len(names) < least {
			t.Errorf("%s names only %d metrics", file, len(names))
		}
		for _, name := range names {
			if !there[name] {
				t.Errorf("%s asks for %s, which is not among the metrics", file, name)
			}
		}
	}
}
