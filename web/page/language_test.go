package page_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/haulier/haulier/web/page/pagetest"
)

// The page of a link is in the language that is asked for, else in one that the browser wants.
func TestLinkIsInTheLanguageOfItsReader(t *testing.T) {
	h := pagetest.Night().Handler(pagetest.Operator)
	for _, test := range []struct{ path, header, want string }{
		{"", "", "fr"}, {"", "fr-BE,fr;q=0.9,en;q=0.8", "fr"}, {"", "nl,en-GB;q=0.5,fr;q=0.4", "en"}, {"", "en;q=0.1, FR ; q=0.2", "fr"},
		{"", "en;q=0,fr;q=x", "fr"}, {"", "en;q=9", "fr"}, {"", strings.Repeat(",", 600) + "en", "fr"}, {"?lang=fr", "en", "fr"}, {"?lang=%22%3E", "en", "en"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/sheet/"+pagetest.Token+test.path, nil)
		r.Header.Set("Accept-Language", test.header)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if text := w.Body.String(); !strings.Contains(text, `<html lang="`+test.want+`"`) || !strings.Contains(text, `<article class="sheet" lang="`+test.want) {
			t.Errorf("%s %q: not in %s: %s", test.path, test.header, test.want, text)
		}
	}
}
