package pages

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/web/page/pagetest"
)

// factsOf are those of a sheet with long names in it.
func factsOf(connection string) sheet.Facts {
	return sheet.Facts{
		Connection: connection, Host: "sftp.acme.example", Port: 22, User: "plat", Methods: []string{"publickey"}, Egress: []string{"203.0.113.10"},
		Keys:    []sheet.Key{{Label: "acme@1", Algorithm: "ed25519", OpenSSH: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFgl1tHDUcyQ7X0+Jqk1rnpMqfC7PWI9dfvhBGYkXUKF haulier-acme", SSH2: "---- BEGIN", SHA256: "SHA256:EZYqRskeDhBuIeQxp1dkaiojpYS7f2tMSWPOUe8IvA0", MD5: "01:02"}},
		Folders: []sheet.Folder{{Path: "/export/daily/and/a/long/way/down/to/where/the/files/are", Rights: []sheet.Right{sheet.MayList, sheet.MayRead}, For: []string{"customers_YYYYMMDD_and_a_long_name*.csv.pgp"}}},
	}
}

// realSheet draws a sheet as customers get it.
func realSheet(connection, language string) (template.HTML, error) {
	document, err := sheet.Compose(factsOf(connection), language)
	if err != nil {
		return "", err
	}
	return sheet.Body(document)
}

// The sheet of a customer and its form keep nobody out, in any language, in the dark and on a phone.
func TestSheetIsForEverybody(t *testing.T) {
	f := factsOf("acme")
	typed := sheet.Answers{"port": "0", "method": "key", "remarks": strings.Repeat("longer-than-a-phone-is-wide", 9)}
	states := map[string]sheet.State{
		"": {Values: typed, Faults: sheet.Faults{"port": "port", "pgp": "private"}}, "sent": {Sent: typed},
		"full": {Values: typed, Why: sheet.Full}, "unread": {Why: sheet.Unread}, "failed": {Values: typed, Why: sheet.Failed},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := sheet.Compose(f, r.URL.Query().Get("lang"))
		if err == nil {
			document, err = document.WithLink("https://haulier.platform.example/sheet/"+pagetest.Token, pagetest.Now)
		}
		if err == nil {
			state := states[r.URL.Query().Get("state")]
			state.Action = "?lang=en"
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			err = sheet.Write(w, document.Fill(state), sheet.HTML)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(server.Close)
	for name, how := range map[string]looked{"light": {}, "dark": {dark: true}, "phone": {phone: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			looks := []string{"?lang=nl&state=sent", "?lang=en&state=full", "?lang=fr&state=unread", "?lang=de&state=failed"}
			for _, language := range sheet.Languages() {
				looks = append(looks, "?lang="+language)
			}
			for _, look := range looks {
				w.do(chromedp.Navigate(server.URL + "/" + look))
				w.axe(look)
				if wide := value[int](w, `document.documentElement.scrollWidth`); how.phone && wide > 390 {
					t.Errorf("%s is %d pixels wide", look, wide)
				}
				small := value[[]string](w, `[...document.querySelectorAll("input:not([type=radio]), textarea, button")].filter((e) => e.getBoundingClientRect().height < 43.5).map((e) => e.outerHTML.slice(0, 120))`)
				if len(small) > 0 {
					t.Errorf("%s: too small to touch: %s", look, small[0])
				}
			}
		})
	}
}

// Whoever makes a link sees its QR code, drawn within the policy of the pages, without JavaScript too; on paper it is there with the link.
func TestLinkIsDrawn(t *testing.T) {
	for name, how := range map[string]looked{"light": {}, "dark": {dark: true}, "phone": {phone: true}, "without scripts": {noScripts: true}} {
		t.Run(name, func(t *testing.T) {
			w := open(t, how)
			w.to("/connections/acme/sheet")
			w.follow("form[action='/connections/acme/sheet/link'] button")
			w.says(".flash", "/sheet/"+pagetest.Token)
			if how.noScripts {
				return // nothing can be asked there
			}
			w.axe("a link that was made")
			drawn := value[[]float64](w, `(() => { const b = document.querySelector(".flash svg.qr").getBoundingClientRect(), p = document.querySelector(".flash svg.qr path").getBoundingClientRect(); return [b.width, b.height, p.width / b.width] })()`)
			if drawn[0] < 150 || drawn[0] != drawn[1] || drawn[2] < 0.7 || drawn[2] > 0.9 {
				t.Errorf("it is %v pixels large", drawn)
			}
			if wide := value[int](w, `document.documentElement.scrollWidth`); how.phone && wide > 390 {
				t.Errorf("the page is %d pixels wide", wide)
			}
			w.do(emulation.SetEmulatedMedia().WithMedia("print"))
			if shown := value[bool](w, `document.querySelector(".flash svg.qr").checkVisibility() && !document.querySelector("main .acts").checkVisibility() && !document.querySelector("#answers dl").checkVisibility()`); !shown {
				t.Error("on paper it is not there, or buttons and what others answered are")
			}
			w.to("/connections/acme/sheet/answers?before=4")
			if lines := value[string](w, `getComputedStyle(document.querySelector("dd.told")).whiteSpace`); lines != "pre-wrap" {
				t.Errorf("lines that a customer wrote are shown %s", lines)
			}
		})
	}
}
