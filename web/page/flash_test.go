package page_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/page/pagetest"
	"github.com/haulier/haulier/web/route"
)

// helpAs asks for a page with what a browser keeps.
func helpAs(h http.Handler, ctx context.Context, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/help", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

// What a browser made up in a cookie is nothing, and neither is one that somebody else was given.
func TestMadeUpFlash(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	for _, value := range []string{"", "%%", "bm8", "eyJkb25lIjoiPHNjcmlwdD4iLCJsaW5rIjoiLy9ldmlsIiwibGFiZWwiOiJ4In0"} {
		if answer := helpAs(h, t.Context(), &http.Cookie{Name: page.FlashCookie, Value: value}); answer.Code != http.StatusOK || strings.Contains(answer.Body.String(), `class="flash`) {
			t.Errorf("%q came through", value)
		}
	}
	given := post(t, h, "/jobs/acme-segment/run", url.Values{}).Result().Cookies()
	two := []*http.Cookie{given[0], {Name: page.FlashCookie, Value: "x"}}
	if strings.Contains(helpAs(h, t.Context(), two...).Body.String(), "has begun") {
		t.Error("it is told though somebody has set a second cookie")
	}
}

// A flash is told once, by what the server keeps: the cookie has no word of it, and is for TLS where browsers come over it.
func TestFlashIsKeptByTheServer(t *testing.T) {
	for _, secure := range []bool{true, false} {
		h := pagetest.Night().Handler(pagetest.Operator)
		ctx := route.WithCookies(t.Context(), route.Cookies{Secure: secure})
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/connections/acme/sheet/link", strings.NewReader("days=14"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		cookies := answer.Result().Cookies()
		if len(cookies) != 1 || cookies[0].Secure != secure || strings.HasPrefix(cookies[0].Name, "__Host-") != secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
			t.Fatalf("secure %v: %+v", secure, cookies)
		}
		if head := fmt.Sprint(answer.Header()); len(cookies[0].Value) > 40 || strings.Contains(head, pagetest.Token) {
			t.Errorf("the link is in the head: %s", head)
		}
		first, second := helpAs(h, ctx, cookies[0]), helpAs(h, ctx, cookies[0])
		if !strings.Contains(first.Body.String(), "https://haulier.example/sheet/"+pagetest.Token) {
			t.Errorf("it is not told: %s", first.Body)
		}
		if strings.Contains(second.Body.String(), pagetest.Token) {
			t.Error("it is told twice")
		}
	}
}

// Who has somebody else's cookie is not told what they did.
func TestFlashIsForWhoAsked(t *testing.T) {
	h := route.Mux(page.Routes(pagetest.Night().Options()))
	as := func(name string) context.Context {
		return route.With(t.Context(), route.Identity{Name: name, Role: route.Operator})
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequestWithContext(as("olivia"), http.MethodPost, "/jobs/acme-segment/run", nil))
	cookies := answer.Result().Cookies()
	if strings.Contains(helpAs(h, as("oscar"), cookies...).Body.String(), "has begun") {
		t.Error("another is told")
	}
	if !strings.Contains(helpAs(h, as("olivia"), cookies...).Body.String(), "has begun") {
		t.Error("who asked is not told")
	}
}

// Who never looks at the next page leaves little behind.
func TestFlashesAreBounded(t *testing.T) {
	w := pagetest.Night()
	h := w.Handler(pagetest.Operator)
	first := post(t, h, "/jobs/acme-segment/run", url.Values{}).Result().Cookies()
	for range page.FlashesMost {
		post(t, h, "/jobs/acme-segment/run", url.Values{})
	}
	last := post(t, h, "/jobs/acme-segment/run", url.Values{}).Result().Cookies()
	if strings.Contains(helpAs(h, t.Context(), first...).Body.String(), "has begun") || !strings.Contains(helpAs(h, t.Context(), last...).Body.String(), "has begun") {
		t.Error("the oldest is kept, or the latest is not")
	}
}

// Where nothing says under which name customers come, no link is made.
func TestNoLinkWithoutAPublicAddress(t *testing.T) {
	w := pagetest.Night()
	w.Configured.Public = nil
	h := w.Handler(pagetest.Operator)
	text := told(t, h, post(t, h, "/connections/acme/sheet/link", url.Values{"days": {"14"}}))
	if !w.Sheets.Until.IsZero() || !strings.Contains(text, "access.no_public_url") {
		t.Errorf("made until %s: %s", w.Sheets.Until, text)
	}
	if text, _ := get(t, h, "/connections/acme/sheet"); strings.Contains(text, "Make a link") || !strings.Contains(text, "web.public_url") {
		t.Errorf("the page offers a link: %s", text)
	}
}
