package failpoint

import (
	"testing"
	"time"
)

func TestPlan(t *testing.T) {
	p, err := parse(" C1=kill, C2=err@2 ,C3=sleep:20ms,,C4=panic@1,*=note")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		name string
		due  bool
		want action
	}{
		{"C1", true, action{verb: "kill"}},
		{"C1", true, action{verb: "kill"}},
		{"C2", false, action{verb: "err", nth: 2}},
		{"C2", true, action{verb: "err", nth: 2}},
		{"C2", false, action{verb: "err", nth: 2}},
		{"C3", true, action{verb: "sleep", sleep: 20 * time.Millisecond}},
		{"C4", true, action{verb: "panic", nth: 1}},
		{"C5", true, action{verb: "note"}},
	} {
		if got, due := p.at(step.name); due != step.due || got != step.want {
			t.Errorf("%s: %+v, %v", step.name, got, due)
		}
	}
	for _, text := range []string{"C1", "C1=explode", "C1=kill@0", "C1=kill@x", "C1=sleep:often"} {
		if _, err := parse(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
