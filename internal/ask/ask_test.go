package ask

import (
	"strings"
	"testing"
)

func TestSentencesAreForStrangers(t *testing.T) {
	for slug, text := range asks {
		if !strings.Contains(text, "Please") || !strings.HasSuffix(text, ".") {
			t.Errorf("%s asks for nothing: %s", slug, text)
		}
		for _, ours := range []string{"haulier", "`", "{", "config", "job", "ledger", "landing", "outbox"} {
			if strings.Contains(strings.ToLower(text), ours) {
				t.Errorf("%s tells a customer of %q: %s", slug, ours, text)
			}
		}
	}
	for slug, want := range map[string]string{"net.dns": asks["net.dns"], "net.whatever": asks["net"], "nobody.knows": "Please get in touch"} {
		if got := Customer(slug); !strings.Contains(got, want) {
			t.Errorf("%s asks %q", slug, got)
		}
	}
}
