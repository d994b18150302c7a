package ask

import (
	"slices"
	"strings"
	"testing"
)

func TestSentencesAreForStrangers(t *testing.T) {
	please := map[string][]string{"en": {"Please"}, "fr": {"Merci de", "merci de", "Merci d'"}, "de": {"Bitte", "bitte"}, "nl": {"Wilt u", "wilt u"}}
	for language, said := range book {
		for slug, text := range said {
			if strings.HasPrefix(slug, "letter.") {
				continue
			}
			if !slices.ContainsFunc(please[language], func(word string) bool { return strings.Contains(text, word) }) || !strings.ContainsAny(text[len(text)-1:], ".?") {
				t.Errorf("%s %s asks for nothing: %s", language, slug, text)
			}
			for _, ours := range []string{"haulier", "`", "{", "config", "job", "ledger", "landing", "outbox"} {
				if strings.Contains(strings.ToLower(text), ours) {
					t.Errorf("%s %s tells a customer of %q: %s", language, slug, ours, text)
				}
			}
		}
	}
}

func TestSentencesAreFoundBySlugAndLanguage(t *testing.T) {
	for _, test := range []struct{ language, slug, want string }{
		{"en", "net.dns", book["en"]["net.dns"]}, {"fr", "net.whatever", book["fr"]["net"]}, {"", "nobody.knows", "Please get in touch"}, {"xx", "net", book["en"]["net"]},
		{"de", "nobody.knows", "melden Sie sich"}, {"nl", "expect.missing", "Wij verwachtten"},
	} {
		if got := Customer(test.language, test.slug); !strings.Contains(got, test.want) || test.want == "" {
			t.Errorf("%s %s asks %q", test.language, test.slug, got)
		}
	}
	if got := Letter("fr", "account", "host", "sftp.acme.example", "port", "22", "user", "{host}"); got != "sftp.acme.example, port 22, utilisateur {host}" {
		t.Errorf("the account is written %q", got)
	}
}

// A letter says the same in each language.
func TestEveryLanguageAsksForEverything(t *testing.T) {
	if got := Languages(); !slices.Equal(got, []string{"en", "de", "fr", "nl"}) {
		t.Errorf("languages %v", got)
	}
	for _, fault := range book.Faults("letter.server") {
		t.Error(fault)
	}
}
