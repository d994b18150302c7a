package page_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// What ends stands first, each with mark, word, colour, days and the way to its connection.
func TestKeysBeginWithTheCalendar(t *testing.T) {
	w := pagetest.Night()
	text, _ := get(t, w.Handler(pagetest.Operator), "/keys")
	line := func(tone, icon, word, rest string) string {
		return `<span class="state ` + tone + `"><svg class="icon" aria-hidden="true"><use href="#i-` + icon + `"/></svg>` + word + `</span>.*` + rest + `.*`
	}
	if !regexp.MustCompile(`(?s)What ends, and when.*2 days ago.*` + line("bad", "cross", "ended", `the password of ento.*href="/connections/ento"`) +
		`in 9 days.*` + line("warn", "clock", "ends soon", `our PGP key acme-in@2.*haulier pgp rotate acme-in.*href="/connections/acme"`) +
		`in 334 days.*` + line("calm", "dot", "grows old", "login key acme@1") + `Ours, for logins`).MatchString(text) {
		t.Error("the calendar does not stand first, or is not in order")
	}
}

// A tenant sees dates of what their connections use, and no keys: those belong to nobody.
func TestKeysOfATenant(t *testing.T) {
	w := pagetest.Night()
	text, _ := get(t, w.Handler(route.Identity{Name: "tess", Role: route.Viewer, Sight: job.Sight{"acme-nv"}}), "/keys")
	says(t, "/keys", text, []string{"What ends, and when"}, []string{"Ours, for logins", "SHA256:Jx1", "Public part"})
	if !slices.ContainsFunc(w.Sights, func(s job.Sight) bool { return slices.Equal(s, job.Sight{"acme-nv"}) }) {
		t.Errorf("the calendar was asked for with %v", w.Sights)
	}
}
