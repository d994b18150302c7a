package pages

import (
	"slices"
	"testing"
)

// From an alert to when all was well and to what has changed since, one click each, and the alert can be taken on there.
func TestRunbook(t *testing.T) {
	for name, how := range map[string]looked{"scripts": {}, "no scripts": {noScripts: true}, "phone": {phone: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.to("/alerts")
			w.follow("#i12 a[href='/alerts/12']")
			w.says("main", "Alert 12", "When all was well", "Run 299 of bigbank-out succeeded", "the server showed another host key", "by phone")
			w.follow("form[action='/alerts/12/ack'] button")
			w.says(".flash", "Alert 12 is yours")
			w.says("h1", "Alert 12")
			w.follow("a[href='/runs/303']")
			w.says("h1", "Run 303")
		})
	}
}

// A plan is one click, and stands beneath the button that asked for it.
func TestPlanButton(t *testing.T) {
	for name, how := range map[string]looked{"scripts": {}, "no scripts": {noScripts: true}, "phone": {phone: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.to("/jobs/nectar-employees")
			w.follow("form[action='/jobs/nectar-employees/plan'] button")
			w.says(".flash", "Nothing was moved")
			w.says("section[aria-labelledby=plan]", "1 to transfer", "1 not ready", "employees_20261124.csv", "landed as", "not stable yet")
			if !slices.Contains(w.world.Asked, "plan nectar-employees by olivia") {
				t.Errorf("%q was done", w.world.Asked)
			}
			if how.phone {
				if wide := value[int](w, `document.documentElement.scrollWidth`); wide > 390 {
					t.Errorf("with a plan it is %d pixels wide", wide)
				}
			}
		})
	}
}

// A doubt is ended on the pages: who decides is told what will happen first, says why, and comes back to the list. It is the doubt that
// they saw that ends.
func TestDecide(t *testing.T) {
	for name, how := range map[string]looked{"scripts": {}, "no scripts": {noScripts: true}, "phone": {phone: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.to("/held")
			w.follow("#f71 button[value=again]")
			w.says("main", "Decide about file 71", "neither name was there", "what will happen", "sends it once more", "they get it twice", "audit list")
			if len(w.world.Asked) > 0 {
				t.Errorf("%q was done before anybody was sure", w.world.Asked)
			}
			w.follow("main .acts a[href='/held']")
			w.follow("#f71 button[value=delivered]")
			w.says("main", "It counts as delivered", "The file itself is not sent again")
			w.fill("input[name=reason]", "they have it, says Ann")
			w.follow(".sure button")
			w.says(".flash", "File 71 of acme-segment is decided: it is delivered now.")
			w.says("h1", "Files in doubt")
			if want := "decide 71 as delivered about remote.vanished because they have it, says Ann by olivia"; len(w.world.Asked) != 1 || w.world.Asked[0] != want {
				t.Errorf("%q was done, want %q", w.world.Asked, want)
			}
		})
	}
}

// From any page to the files in doubt, to one of them, and to what decides about it.
func TestDoubts(t *testing.T) {
	for name, how := range map[string]looked{"scripts": {}, "no scripts": {noScripts: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.to("/")
			w.follow("footer a[href='/held']")
			w.says("main", "segment_1.csv", "neither name was there", "The customer has it…")
			w.follow("#f71 a[href='/files/71']")
			w.says("h1", "File 71")
			w.says("main", "renaming", "ask the customer whether segment_1.csv arrived", "Records")
			w.follow("main h1 a[href='/jobs/acme-segment']")
			w.says("h1", "acme-segment")
		})
	}
}
