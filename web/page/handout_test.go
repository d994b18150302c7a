package page

import (
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// sheets makes sheets that say their connection and language.
type sheets struct {
	until time.Time
	by    string
}

func (s *sheets) Languages() []string { return []string{"en", "fr"} }
func (s *sheets) Style() string       { return ".sheet{color:#000}" }
func (s *sheets) Sheet(_ context.Context, connection, language string) (template.HTML, error) {
	return template.HTML(`<article class="sheet" lang="` + language + `"><h1>Sheet of ` + connection + `</h1></article>`), nil
}

const aToken = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"

func (s *sheets) Link(_ context.Context, _, _ string, until time.Time, by string) (string, error) {
	s.until, s.by = until, by
	return aToken, nil
}

func (s *sheets) Follow(ctx context.Context, token string) (template.HTML, string, error) {
	if token != aToken {
		return "", "", job.ErrNotFound
	}
	body, err := s.Sheet(ctx, "acme", "fr")
	return body, "fr", err
}

func TestSheetIsShownInItsLanguages(t *testing.T) {
	h := nightWorld().handler(operator)
	for path, want := range map[string]string{"/connections/acme/sheet": `lang="en"`, "/connections/acme/sheet?language=fr": `lang="fr"`, "/connections/acme/sheet?language=%3Cscript": `lang="en"`} {
		text, status := get(t, h, path)
		if status != http.StatusOK || !strings.Contains(text, `<article class="sheet" `+want) || !strings.Contains(text, "/assets/sheet.css?v=") || !strings.Contains(text, "Make a link") {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if text, status := get(t, h, "/connections/nobody/sheet"); status != http.StatusNotFound {
		t.Errorf("a connection that is not there: %d %s", status, text)
	}
	if text, _ := get(t, nightWorld().handler(route.Identity{Name: "vera", Role: route.Viewer}), "/connections/acme/sheet"); strings.Contains(text, "Make a link") {
		t.Error("a viewer is offered to make a link")
	}
}

// A link shows the sheet to somebody without a name, and nothing else of ours; a wrong one says no more than that it has ended.
func TestLinkShowsItsSheetOnly(t *testing.T) {
	h := nightWorld().handler(operator)
	text, status := get(t, h, "/sheet/"+aToken)
	if status != http.StatusOK || !strings.Contains(text, "Sheet of acme") || strings.Contains(text, `href="/connections`) || strings.Contains(text, "<script") {
		t.Errorf("%d %s", status, text)
	}
	for _, token := range []string{strings.ToUpper(aToken), "x", strings.Repeat("a", 43), "%2e%2e"} {
		text, status := get(t, h, "/sheet/"+token)
		if status != http.StatusNotFound || !strings.Contains(text, "This link has ended") || strings.Contains(text, "acme") {
			t.Errorf("%s: %d %s", token, status, text)
		}
	}
}

func TestLinkLastsAsLongAsAsked(t *testing.T) {
	w, made := nightWorld(), &sheets{}
	o := w.options()
	o.Sheets = made
	p := newPages(o)
	for days, good := range map[string]bool{"14": true, "15": false, "-7": false, "": false, "9999999999999999999": false} {
		*made = sheets{}
		form := url.Values{"days": {days}, "language": {"fr"}}
		r := httptest.NewRequestWithContext(route.With(t.Context(), operator), http.MethodPost, "/connections/acme/sheet/link", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetPathValue("name", "acme")
		done, err := p.linkSheet(r)
		if (err == nil) != good {
			t.Errorf("%s days: %v", days, err)
		}
		if good && (!made.until.Equal(sceneNow.AddDate(0, 0, 14)) || done.Link != "/sheet/"+aToken || made.by == "") {
			t.Errorf("%s days: %+v by %q until %s", days, done, made.by, made.until)
		}
	}
}
