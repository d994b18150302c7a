package access

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// quiet are tables in which the daemon goes on by itself: what it tells whom, and what it has seen of servers.
var quiet = []string{"channels", "credential_leads", "deliveries", "events"}

// settle waits until the daemon has nothing left to do, and gives what the store holds.
func (a *acting) settle() books {
	a.t.Helper()
	for before := a.books(quiet...); ; {
		time.Sleep(2 * time.Second)
		now := a.books(quiet...)
		if len(now.changed(before)) == 0 {
			return now
		}
		before = now
	}
}

// Whoever may not, of each role, tenant and means to log in, is refused each act, word for word as who may would ask it, and nothing in the store
// is another: no row, and no line of the audit list.
func TestWhatIsRefusedChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: a thousand requests to the built program")
	}
	list, a := changing(t), newActing(t)
	a.refused = true
	var all []ready
	for _, r := range list {
		all = append(all, a.ready(r))
	}
	before, asked := a.settle(), 0
	for _, who := range a.askers {
		for _, r := range all {
			want := expected(r.route, who, entityOf(alfa))
			if want == http.StatusOK {
				continue
			}
			asked++
			if answer := a.do(who, r); answer.status != want {
				t.Errorf("%s as %s: %d %.200s, want %d", r.route.Pattern(), who.name, answer.status, answer.body, want)
			}
		}
		now := a.books(quiet...)
		changed := slices.DeleteFunc(now.changed(before), func(row string) bool {
			return strings.HasPrefix(row, "- sessions: ") && strings.Contains(row, " '"+strings.TrimPrefix(who.name, "session that is ")+"' ") // it is over, and goes
		})
		if len(changed) > 0 {
			t.Errorf("refused to %s, and changed: %.2000s", who.name, strings.Join(changed, "\n"))
		}
		before = now
	}
	if asked < 600 {
		t.Errorf("only %d requests were refused", asked)
	}
}
