package pages

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/web/page/pagetest"
)

// browser is one that all tests share; each has a window of its own.
var browser context.Context

func TestMain(m *testing.M) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		program.Leave(m.Run())
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-dev-shm-usage", true))
	allocated, stop := chromedp.NewExecAllocator(context.Background(), options...)
	shared, end := chromedp.NewContext(allocated, chromedp.WithErrorf(func(string, ...any) {})) // what a newer browser says that the library does not know
	if err := chromedp.Run(shared); err == nil {
		browser = shared
	}
	code := m.Run()
	end()
	stop()
	program.Leave(code)
}

// looked is how a window looks at pages.
type looked struct {
	dark, phone, noScripts bool
}

// window is a window on a scene.
type window struct {
	t      *testing.T
	ctx    context.Context
	base   string
	world  *pagetest.World
	server *httptest.Server
}

// patience bounds what a window does in all: it looks at thirty pages with axe, and machines have other things to do.
const patience = 4 * time.Minute

// open opens a window on the night's scene.
func open(t *testing.T, how looked) window {
	t.Helper()
	if testing.Short() {
		t.Skip("needs time: a browser is started")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("needs chromium: install Debian package chromium")
	}
	if browser == nil {
		t.Fatal("chromium does not start")
	}
	world := pagetest.Night()
	world.Sheets.Looks, world.Sheets.Draw, world.Sheets.Codes = sheet.Style, realSheet, sheet.Code
	server := httptest.NewServer(everything(t, world))
	ctx, end := chromedp.NewContext(browser)
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(func() {
		cancel()
		end()
		server.CloseClientConnections()
		server.Close()
	})
	w := window{t, ctx, server.URL, world, server}
	scheme := "light"
	if how.dark {
		scheme = "dark"
	}
	width, height := int64(1280), int64(900)
	if how.phone {
		width, height = 390, 844
	}
	w.do(network.Enable(), network.ClearBrowserCookies(), emulation.SetDeviceMetricsOverride(width, height, 1, how.phone), emulation.SetScriptExecutionDisabled(how.noScripts),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}))
	return w
}

// do does something in the window.
func (w window) do(actions ...chromedp.Action) {
	w.t.Helper()
	if err := chromedp.Run(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// to goes to a page.
func (w window) to(path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.base + path))
}

// text is what a person reads there.
func (w window) text(selector string) (text string) {
	w.t.Helper()
	w.do(chromedp.Text(selector, &text, chromedp.ByQuery))
	return text
}

// says fails unless a part of the page says something.
func (w window) says(selector string, wants ...string) {
	w.t.Helper()
	text := w.text(selector)
	for _, want := range wants {
		if !strings.Contains(text, want) {
			w.t.Errorf("%s does not say %q, but:\n%.600s", selector, want, text)
		}
	}
}

// wait waits until an expression is true on the page.
func (w window) wait(expression string) {
	w.t.Helper()
	w.do(chromedp.Poll(expression, nil, chromedp.WithPollingInterval(20*time.Millisecond)))
}

// value evaluates an expression.
func value[T any](w window, expression string) (v T) {
	w.t.Helper()
	w.do(chromedp.Evaluate(expression, &v))
	return v
}

// follow clicks, and waits for the page that it leads to.
func (w window) follow(selector string) {
	w.t.Helper()
	if _, err := chromedp.RunResponse(w.ctx, chromedp.Click(selector, chromedp.ByQuery)); err != nil {
		w.t.Fatalf("click %s: %v", selector, err)
	}
}

// fill types into a field.
func (w window) fill(selector, text string) {
	w.t.Helper()
	w.do(chromedp.SendKeys(selector, text, chromedp.ByQuery))
}
