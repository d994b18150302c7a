package sheet_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"

	"github.com/haulier/haulier/control/sheet"
)

const linked = "https://haulier.platform.example/sheet/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO-_"

var bar = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// squares reads a drawing back: which squares are black, and how many there are on a side.
func squares(t *testing.T, drawn string) (black map[[2]int]bool, side int) {
	t.Helper()
	if _, err := fmt.Sscanf(drawn[strings.Index(drawn, `viewBox="`):], `viewBox="0 0 %d`, &side); err != nil {
		t.Fatal(err)
	}
	black = map[[2]int]bool{}
	for _, b := range bar.FindAllStringSubmatch(drawn, -1) {
		var x, y, wide, back int
		if _, err := fmt.Sscan(strings.Join(b[1:], " "), &x, &y, &wide, &back); err != nil || wide != back {
			t.Fatalf("%s: %v", b[0], err)
		}
		for i := range wide {
			black[[2]int{x + i, y}] = true
		}
	}
	return black, side
}

// A QR code is drawn square by square within a white edge that readers need, and says in words what it is.
func TestCodeIsThatOfTheLink(t *testing.T) {
	drawn, err := sheet.Code(linked, `the "link" & <more>`)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(drawn), `role="img" aria-label="the &#34;link&#34; &amp; &lt;more&gt;"`) || strings.Contains(string(drawn), "style") || strings.Contains(string(drawn), "data:") {
		t.Errorf("it is drawn as %.300s", drawn)
	}
	want, err := qr.Encode(linked, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	black, side := squares(t, string(drawn))
	if side != want.Size+8 {
		t.Errorf("%d squares on a side, want %d and an edge of 4", side, want.Size)
	}
	for y := range side {
		for x := range side {
			if black[[2]int{x, y}] != want.Black(x-4, y-4) {
				t.Fatalf("square %d, %d is wrong", x, y)
			}
		}
	}
	if _, err := sheet.Code(strings.Repeat("x", 5000), ""); err == nil {
		t.Error("5,000 bytes are in a QR code")
	}
}

// A sheet tells its link in every form and language, and a page has its code.
func TestSheetTellsItsLink(t *testing.T) {
	for _, language := range sheet.Languages() {
		plain, err := sheet.Compose(whole(), language)
		if err != nil {
			t.Fatal(err)
		}
		document, err := plain.WithLink(linked, time.Date(2026, 12, 24, 1, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		for _, format := range sheet.Formats() {
			var with, without strings.Builder
			if err := sheet.Write(&with, document, format); err != nil {
				t.Fatal(err)
			}
			if err := sheet.Write(&without, plain, format); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(with.String(), linked) || !strings.Contains(with.String(), "2026-12-24") || strings.Contains(with.String(), `<svg class="qr"`) != (format == sheet.HTML) {
				t.Errorf("%s %s does not tell the link: %s", language, format, with.String())
			}
			if strings.Contains(without.String(), "/sheet/") || strings.Contains(without.String(), "<svg") {
				t.Errorf("%s %s tells a link that nobody made", language, format)
			}
		}
	}
}
