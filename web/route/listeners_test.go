package route_test

import (
	"testing"

	"github.com/haulier/haulier/web/route"
)

// One who asks does not take all places; a place that was left is there again, once. This machine's own user needs none.
func TestListeners(t *testing.T) {
	l := route.Listeners{All: 5, One: 3}
	enters := func(who route.Identity) (leave func(), found bool) { t.Helper(); return l.Enter(who) }
	ann, bob, cid := route.Identity{Name: "ann"}, route.Identity{Name: "bob"}, route.Identity{Name: "cid"}
	var first func()
	for i := range 3 {
		leave, found := enters(ann)
		if !found {
			t.Fatalf("place %d of ann was not there", i)
		}
		first = leave
	}
	if _, found := enters(ann); found {
		t.Error("ann has a fourth place")
	}
	for range 2 {
		if _, found := enters(bob); !found {
			t.Error("ann took all places")
		}
	}
	if _, found := enters(cid); found {
		t.Error("a sixth place of five")
	}
	if leave, found := enters(route.Identity{Machine: true}); !found {
		t.Error("this machine waits for a place")
	} else {
		leave()
	}
	first()
	first() // it was left already
	if _, found := enters(ann); !found {
		t.Error("the place that was left is not there")
	}
	if _, found := enters(cid); found {
		t.Error("a place was left twice")
	}
}
