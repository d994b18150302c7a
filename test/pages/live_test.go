package pages

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page/pagetest"
)

// A page about one thing changes by itself, and not beneath a form that is half filled in: then it offers what is new.
func TestLiveUpdateKeepsHalfAForm(t *testing.T) {
	w := open(t, looked{})
	w.to("/alerts/12")
	w.wait(`document.querySelector("#live") && !document.querySelector("#live").hidden`)
	again := func(n int) {
		w.tell(func(world *pagetest.World) { world.Open[0].Count = n })
	}
	again(5)
	w.wait(`document.querySelector("#i12").textContent.includes("5 times")`)
	w.do(chromedp.Click("#i12 .pop > summary", chromedp.ByQuery))
	w.fill("#i12 .pop input[name=reason]", "they know")
	w.do(chromedp.Evaluate(`document.activeElement.blur()`, nil))
	again(6)
	w.wait(`document.querySelector(".pill")?.textContent === "It has changed: show it"`)
	if !value[bool](w, `document.querySelector("#i12 .pop").open && document.querySelector("#i12 .pop input[name=reason]").value === "they know" && document.querySelector("#i12").textContent.includes("5 times")`) {
		t.Error("the page has changed beneath a form that is half filled in")
	}
	w.do(chromedp.Click(".pill", chromedp.ByQuery))
	w.wait(`document.querySelector("#i12").textContent.includes("6 times") && !document.querySelector(".pill")`)
	w.tell(func(world *pagetest.World) {
		over := world.Open[0]
		over.Resolved = pagetest.Now
		world.Open, world.Over = world.Open[1:], append(world.Over, over)
	})
	w.do(chromedp.Evaluate(`document.querySelectorAll("input[name=reason]").forEach((e) => { e.value = ""; })`, nil))
	w.tell(func(world *pagetest.World) { world.Over[1].Count = 7 })
	w.wait(`document.querySelector("main h1").parentElement.textContent.includes("resolved")`)
}

// A file and the list of those in doubt change by themselves.
func TestFilesInDoubtAreLive(t *testing.T) {
	w := open(t, looked{})
	w.to("/held")
	w.wait(`document.querySelector("#live") && !document.querySelector("#live").hidden && !!document.querySelector("#f71")`)
	w.tell(func(world *pagetest.World) {
		world.Found[0].State, world.Found[0].Reason = job.FileDelivered, nil
	})
	w.wait(`!document.querySelector("#f71") && document.querySelector("[data-region=heldlist]").textContent.includes("No file is in doubt")`)
	w.to("/files/71")
	w.wait(`!document.querySelector("#live").hidden && document.querySelector("main").textContent.includes("delivered")`)
	w.tell(func(world *pagetest.World) { world.Found[0].Proof = job.ProofAssumed })
	w.wait(`document.querySelector("[data-region=filefacts]").textContent.includes("assumed")`)
}

// What opens is on the screen whole, beside the left edge, the right one and on a phone.
func TestWhatOpensIsOnTheScreen(t *testing.T) {
	for name, how := range map[string]struct {
		looked
		width int64
	}{"desk": {looked{}, 1280}, "small desk": {looked{}, 980}, "tablet": {looked{}, 768}, "phone": {looked{phone: true}, 360}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how.looked)
			w.world.Change(w.world.AddSupervised)
			w.do(emulation.SetDeviceMetricsOverride(how.width, 900, 1, how.phone))
			for _, path := range []string{"/", "/alerts", "/alerts/12", "/jobs/acme-segment", "/jobs/salto-in", "/connections/bigbank", "/runs/210", "/files/32"} {
				w.to(path)
				off := value[[]string](w, `[...document.querySelectorAll("details.pop")].flatMap((d) => {
					document.querySelectorAll("details.pop").forEach((o) => { o.open = o === d; });
					const box = d.querySelector("form").getBoundingClientRect();
					return box.left < 0 || box.right > innerWidth || !box.width ? [d.textContent.slice(0, 20) + " " + box.left + " " + box.right + " of " + innerWidth] : [];
				})`)
				if len(off) > 0 {
					t.Errorf("%s: %q", path, off)
				}
			}
		})
	}
}
