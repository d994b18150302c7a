package words

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestWordsOfALanguage(t *testing.T) {
	book := Must(fstest.MapFS{
		"texts/fr.json": {Data: []byte(`{"hello":"bonjour"}`)}, "texts/en.json": {Data: []byte(`{"hello":"hello"}`)}, "texts/de.json": {Data: []byte(`{"hello":"hallo"}`)},
	})
	if got := book.Languages(); !slices.Equal(got, []string{"en", "de", "fr"}) {
		t.Errorf("languages %v", got)
	}
	for language, want := range map[string]string{"fr": "bonjour", "en": "hello", "": "hello", "xx": "hello"} {
		if got := book.In(language)["hello"]; got != want {
			t.Errorf("%q says %q", language, got)
		}
	}
}

func TestFaultsOfTranslations(t *testing.T) {
	en := Words{"port": "port {port}, typed `a`", "sftp": "SFTP"}
	for want, fr := range map[string]Words{
		"":                               {"port": "`a`, port {port}", "sftp": "SFTP"},
		"fr lacks port":                  {"sftp": "SFTP"},
		"fr lacks sftp":                  {"port": "`a` {port} ", "sftp": " "},
		"fr has more, which nobody says": {"port": "{port} `a`", "sftp": "SFTP", "more": "x"},
		"fr says port in English":        {"port": en["port"], "sftp": "SFTP"},
		"fr says port in English ":       {"port": "le port with {port} `a`", "sftp": "SFTP"},
		"fr has other marks in port: [\"`a`\" \"{porte}\"], not [\"`a`\" \"{port}\"]": {"port": "{porte} `a`", "sftp": "SFTP"},
	} {
		faults := Book{"en": en, "fr": fr}.Faults("sftp")
		if want == "" && len(faults) > 0 || want != "" && !slices.Equal(faults, []string{strings.TrimSpace(want)}) {
			t.Errorf("%v: %q, want %q", fr, faults, want)
		}
	}
}
