package pages

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
)

// The first page tells the cause and the next step of a failure, and two clicks try it again.
func TestThreeClicks(t *testing.T) {
	for name, how := range map[string]looked{"scripts": {}, "no scripts": {noScripts: true}, "phone": {phone: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.to("/")
			w.says("main", "2 need attention", "bigbank", "host_key.changed")
			w.says("#i12 .why", "is in between", "by phone", "us and customer")
			w.follow("#i12 a[href='/runs/303']")
			w.says("main", "Run 303", "host_key.changed")
			w.follow("main form[action='/runs/303/retry'] button.primary")
			w.says(".flash", "Run 78 of again has begun")
			if !slices.Contains(w.world.Asked, `retry 303 by olivia as-run false only ""`) {
				t.Errorf("%q was done", w.world.Asked)
			}
		})
	}
}

// What people do on pages works with scripts and without.
func TestActions(t *testing.T) {
	for name, how := range map[string]looked{"scripts": {}, "no scripts": {noScripts: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.world.Change(func() {
				w.world.Tested = page.Report{OK: true, Stages: []page.Stage{{Name: "DNS", State: "ok", Detail: "127.0.0.1"}}}
			})
			w.to("/jobs/nectar-employees")
			w.follow("form[action='/jobs/nectar-employees/run'] button")
			w.says(".flash", "Run 77 of nectar-employees has begun.")
			w.do(chromedp.Click("details.pop summary", chromedp.ByQuery), chromedp.SendKeys(".pop[open] input[name=reason]", "they move", chromedp.ByQuery))
			w.follow(".pop[open] button")
			w.says(".flash", "is paused: they move")
			w.to("/alerts")
			w.follow("#i14 form[action='/alerts/14/ack'] button")
			w.says(".flash", "Alert 14 is yours")
			w.to("/alerts")
			w.do(chromedp.Click("#i14 details.pop summary", chromedp.ByQuery), chromedp.SendKeys("#i14 .pop[open] input[name=reason]", "known since noon", chromedp.ByQuery))
			w.follow("#i14 .pop[open] button")
			w.says(".flash", "Alert 14 is silent until")
			w.to("/connections/acme")
			w.follow("form[action='/connections/acme/test'] button")
			w.says("#test", "DNS", "127.0.0.1")
			w.to("/runs/209")
			w.follow("form.acts[action='/runs/209/retry'] button")
			w.says(".flash", "has begun")
			w.follow("form.theme button")
			if got := w.attribute("data-theme"); got != "dark" {
				t.Errorf("the theme is %q", got)
			}
			want := []string{"run nectar-employees by olivia", "pause job nectar-employees", "ack 14 by olivia", "because known since noon by olivia", "test acme by olivia", `only "customers_20261124_2.csv.pgp"`}
			for i, act := range w.world.Asked {
				if !strings.Contains(act, want[min(i, len(want)-1)]) {
					t.Errorf("act %d was %q", i, act)
				}
			}
			if len(w.world.Asked) != len(want) {
				t.Errorf("%d acts: %q", len(w.world.Asked), w.world.Asked)
			}
		})
	}
}

// attribute is one of the page itself, also where no script may run.
func (w window) attribute(name string) (text string) {
	w.t.Helper()
	w.do(chromedp.AttributeValue("html", name, &text, nil, chromedp.ByQuery))
	return text
}

// tell has a live page hear of a change.
func (w window) tell(change func(*pagetest.World)) {
	w.world.Change(func() { change(w.world) })
	w.world.Signs <- job.Progress{}
}

// A live page changes by itself, and whoever reads it keeps the place: what is open stays open, and rows do not move under the pointer.
func TestLiveUpdateKeepsThePlace(t *testing.T) {
	w := open(t, looked{})
	w.to("/runs")
	w.wait(`document.querySelector("#livetext").textContent === "live" && !document.querySelector("#live").hidden`)
	w.do(input.DispatchMouseEvent(input.MouseMoved, 400, 400))
	w.wait(`document.querySelector("[data-region=runlist]").matches(":hover")`)
	first := value[string](w, `document.querySelector("[data-region=runlist] tbody tr").dataset.key`)
	w.tell(func(world *pagetest.World) {
		fresh := world.Ran[0]
		fresh.ID, fresh.State = 400, job.RunSucceeded
		world.Ran = append([]job.Run{fresh}, world.Ran...)
		world.Ran[1].Counts.OK = 9
	})
	w.wait(`document.querySelector(".pill")?.textContent === "1 new"`)
	if got := value[string](w, `document.querySelector("[data-region=runlist] tbody tr").dataset.key`); got != first {
		t.Errorf("the first row was %s, and is %s under the pointer", first, got)
	}
	w.wait(`document.querySelector("[data-key=r303]").textContent.includes("9 ok")`)
	w.do(chromedp.Click(".pill", chromedp.ByQuery))
	w.wait(`document.querySelector("[data-region=runlist] tbody tr").dataset.key === "r400" && !document.querySelector(".pill")`)
}

func TestLiveUpdateKeepsWhatIsOpen(t *testing.T) {
	w := open(t, looked{})
	w.to("/")
	w.wait(`document.querySelector("#live") && !document.querySelector("#live").hidden`)
	w.do(chromedp.Click("#i14 .more > summary", chromedp.ByQuery), chromedp.Click("#i14 .pop > summary", chromedp.ByQuery), input.DispatchMouseEvent(input.MouseMoved, 5, 5), chromedp.Evaluate(`document.activeElement.blur()`, nil))
	w.tell(func(world *pagetest.World) { world.Open = world.Open[1:] })
	w.wait(`!document.querySelector("#i12") && document.querySelector("#badge").textContent === "1" && document.title.startsWith("(1)")`)
	if !value[bool](w, `document.querySelector("#i14 .pop").open && !document.querySelector("#i14 .more").open`) {
		t.Error("what somebody opened is closed, or what they closed is open")
	}
	if !value[bool](w, `[...document.querySelectorAll("#i14 [data-copy]")].length > 0 && [...document.querySelectorAll("#i14 [data-copy]")].every((e) => e.nextElementSibling?.matches("button[data-copies]") && !e.nextElementSibling.nextElementSibling?.matches("button[data-copies]"))`) {
		t.Error("what may be copied has no button any more, or two")
	}
	w.tell(func(world *pagetest.World) { world.Open = nil })
	w.wait(`document.querySelector("[data-region=attention]").textContent.includes("Nothing needs you.") && document.querySelector("#badge").hidden`)
}

// A page that is held does not change until it is let go.
func TestHold(t *testing.T) {
	w := open(t, looked{})
	w.to("/")
	w.wait(`!document.querySelector("#live").hidden`)
	w.do(chromedp.Click("#hold", chromedp.ByQuery))
	w.wait(`document.querySelector("#livetext").textContent.startsWith("held since 03:48")`)
	w.world.Change(func() { w.world.Open = nil })
	if !value[bool](w, `!!document.querySelector("#i12") && document.querySelector("#badge").textContent === "2"`) {
		t.Error("a page that is held has changed")
	}
	w.do(chromedp.KeyEvent("p"))
	w.wait(`document.querySelector("#livetext").textContent === "live" && !document.querySelector("#i12")`)
}

// A page whose stream is lost says since when, and comes back by itself.
func TestStale(t *testing.T) {
	w := open(t, looked{})
	w.to("/")
	w.wait(`!document.querySelector("#live").hidden`)
	go w.server.CloseClientConnections() // it waits for the last of them
	w.wait(`!document.querySelector("#stale").hidden && document.querySelector("#stale").textContent.includes("Stale since 03:48")`)
	w.wait(`document.querySelector("#stale").hidden && document.querySelector("#livetext").textContent === "live"`)
}

func TestKeyboard(t *testing.T) {
	w := open(t, looked{})
	w.to("/")
	w.do(input.DispatchKeyEvent(input.KeyDown).WithKey("/").WithText("/"), input.DispatchKeyEvent(input.KeyUp).WithKey("/"))
	w.wait(`document.activeElement.id === "q"`)
	w.do(chromedp.KeyEvent("acme"))
	if _, err := chromedp.RunResponse(w.ctx, chromedp.KeyEvent(kb.Enter)); err != nil {
		t.Fatal(err)
	}
	w.says("main", "acme-customers")
	if _, err := chromedp.RunResponse(w.ctx, chromedp.KeyEvent("?")); err != nil {
		t.Fatal(err)
	}
	w.says("h1", "Help")
	w.do(chromedp.KeyEvent("g"))
	if _, err := chromedp.RunResponse(w.ctx, chromedp.KeyEvent("r")); err != nil {
		t.Fatal(err)
	}
	w.says("h1", "Runs")
	w.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Enter)) // past the navigation
	w.wait(`location.hash === "#main"`)
}

// Graphs are drawn by scripts with a legend, and are there without; the numbers stand beside them.
func TestGraphs(t *testing.T) {
	w := open(t, looked{})
	w.to("/connections/acme")
	w.wait(`document.querySelectorAll(".plot.drawn .uplot canvas").length === 3`)
	w = open(t, looked{noScripts: true})
	w.to("/connections/acme")
	var rects, days []string
	w.do(chromedp.EvaluateAsDevTools(`[...document.querySelectorAll(".plot > svg rect, .plot > svg polyline")].map(e => e.nodeName)`, &rects))
	if len(rects) < 60 {
		t.Errorf("without scripts %d shapes are drawn", len(rects))
	}
	w.do(chromedp.EvaluateAsDevTools(`[...document.querySelectorAll("#numbers tbody tr")].map(e => e.textContent)`, &days))
	if len(days) != 30 {
		t.Errorf("the numbers of %d days stand there", len(days))
	}
}
