package pages

import (
	"testing"

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
