package pages

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "write the pictures of docs/images anew")

// TestScreenshots takes the pictures of the documents.
func TestScreenshots(t *testing.T) {
	for file, shot := range map[string]struct {
		path string
		how  looked
	}{
		"overview-light.png":   {"/", looked{}},
		"overview-dark.png":    {"/", looked{dark: true}},
		"overview-phone.png":   {"/", looked{phone: true}},
		"connection-light.png": {"/connections/acme", looked{}},
	} {
		w := open(t, shot.how)
		if !shot.how.phone && shot.path == "/" { // down to the night, job by job
			w.do(emulation.SetDeviceMetricsOverride(1280, 1230, 1, false))
		}
		w.to(shot.path)
		w.wait(`document.readyState === "complete" && !document.querySelector("#live").hidden && (!document.querySelector("[data-plot]") || document.querySelectorAll(".plot.drawn").length === 3)`)
		var picture []byte
		w.do(chromedp.Evaluate(`new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))`, nil, awaited), chromedp.CaptureScreenshot(&picture))
		if len(picture) < 10<<10 {
			t.Errorf("%s has %d bytes: it shows nothing", file, len(picture))
		}
		if *update {
			if err := os.WriteFile(filepath.Join("..", "..", "docs", "images", file), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}
