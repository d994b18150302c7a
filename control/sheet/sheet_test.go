package sheet_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/internal/ask"
)

// whole has everything that a sheet can tell.
func whole() sheet.Facts {
	at := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	return sheet.Facts{
		Connection: "acme", Display: "ACME Retail", Entity: "acme-nv", Contact: "sftp@platform.example", Made: at, Version: "1.0",
		Host: "sftp.acme.example", Port: 3333, User: "PLAT_01", Egress: []string{"203.0.113.10", "203.0.113.11"},
		Keys: []sheet.Key{
			{Label: "acme@1", Algorithm: "ed25519", OpenSSH: "ssh-ed25519 AAAA1 haulier-acme", SSH2: "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA1\n---- END SSH2 PUBLIC KEY ----\n", SHA256: "SHA256:one", MD5: "01:02"},
			{Label: "acme@2", Algorithm: "ed25519", OpenSSH: "ssh-ed25519 AAAA2 haulier-acme", SSH2: "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA2\n---- END SSH2 PUBLIC KEY ----\n", SHA256: "SHA256:two", MD5: "03:04", Next: true},
		},
		Methods: []string{"publickey", "password"}, HostKeys: []string{"ssh-ed25519 SHA256:host"},
		Folders: []sheet.Folder{
			{Path: "/export/*daily*", For: []string{"customers_YYYYMMDD*.csv.pgp", "staff|all.csv"}, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayRename}},
			{Path: "/export/daily/done", For: []string{"customers_YYYYMMDD*.csv.pgp"}, Rights: []sheet.Right{sheet.MayList, sheet.MayInto}},
			{Path: "/import", For: []string{"segment_*.csv.pgp", "all.csv"}, Rights: []sheet.Right{sheet.MayList, sheet.MayWrite, sheet.MayRename, sheet.MayRemove}, Ours: true},
		},
		Decrypt: []sheet.PGPKey{{Label: "acme-in@1", Fingerprint: "8DFA CD08", Expires: at, For: []string{"customers_YYYYMMDD*.csv.pgp"}, Armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n"}},
		Signers: []sheet.PGPKey{{Label: "acme-sign@1", Fingerprint: "5161 ED00", For: []string{"customers_YYYYMMDD*.csv.pgp"}}, {Label: "acme-late", For: []string{"staff|all.csv"}}},
		Encrypt: []sheet.PGPKey{{Label: "acme-out@3", Fingerprint: "F00D BEEF", For: []string{"segment_*.csv.pgp"}}, {Label: "acme-new", For: []string{"other.pgp"}}},
		Sign:    []sheet.PGPKey{{Label: "platform@1", Fingerprint: "CAFE", For: []string{"segment_*.csv.pgp"}, Armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxyz\n-----END PGP PUBLIC KEY BLOCK-----\n"}},
		Incoming: []sheet.Files{
			{Job: "acme-customers", Folder: "/export/*daily*", Name: "customers_YYYYMMDD*.csv.pgp", Days: []time.Weekday{1, 2, 3, 4, 5, 0}, By: "03:00", Zone: "Europe/Brussels", Marker: "customers_YYYYMMDD*.csv.pgp.done", After: sheet.MayRename, Target: "/export/daily/done"},
			{Job: "acme-staff", Folder: "/export/*daily*", Name: "staff|all.csv", Zone: "Europe/Brussels", Ignored: []string{"*.part", "*.tmp"}, Still: 90 * time.Second, After: sheet.MayRemove},
			{Job: "acme-bills", Folder: "/export/*daily*", Name: `invoice-\d+\.xml`, Regexp: true, Days: []time.Weekday{1, 3}, By: "23:59", Zone: "UTC", Ignored: []string{"*.part", "*.tmp"}, Still: 2 * time.Minute},
		},
		Outgoing: []sheet.Files{
			{Job: "acme-segments", Folder: "/import", Name: "segment_*.csv.pgp", Zone: "Europe/Brussels", Marker: "segment_*.csv.pgp.ok", Suffix: ".part", Taken: sheet.TakenStops},
			{Job: "acme-all", Folder: "/import", Name: "all.csv", Zone: "Europe/Brussels", Taken: sheet.TakenReplaces},
			{Job: "acme-more", Folder: "/import", Name: "more.csv", Zone: "Europe/Brussels", Suffix: ".part", Taken: sheet.TakenWaits},
		},
		Tested: &sheet.Tested{At: at, Slug: "auth.key_rejected"},
	}
}

func written(t *testing.T, f sheet.Facts, language, format string) string {
	t.Helper()
	document, err := sheet.Compose(f, language)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := sheet.Write(&b, document, format); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var update = flag.Bool("update", false, "write the sheets of testdata anew")

// The words of a sheet are what they were.
func TestSheetReadsAsItDid(t *testing.T) {
	for _, format := range sheet.Formats() {
		name := filepath.Join("testdata", "whole."+format)
		got := written(t, whole(), "en", format)
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

var link = regexp.MustCompile(`[^\\]\]\(http`)

var hole = regexp.MustCompile(`\{[a-z]+\}`)

// Every language says everything, in every form, with nothing left to fill in by us.
func TestEveryLanguageSaysEverything(t *testing.T) {
	bare := sheet.Facts{Connection: "nectar", Host: "secure.nectar.example", Port: 22, User: "hris", Methods: []string{"publickey"},
		Folders:  []sheet.Folder{{Path: "/", Rights: []sheet.Right{sheet.MayWrite}}},
		Outgoing: []sheet.Files{{Name: "employees.csv", Folder: "/", Taken: sheet.TakenReplaces}}}
	theirs := bare
	theirs.TheirKey, theirs.Tested = true, &sheet.Tested{At: time.Unix(0, 0)}
	for _, language := range sheet.Languages() {
		for name, f := range map[string]sheet.Facts{"whole": whole(), "bare": bare, "their key": theirs} {
			for _, format := range sheet.Formats() {
				text := written(t, f, language, format)
				if found := hole.FindString(strings.SplitN(text, "</style>", 2)[strings.Count(text, "</style>")]); found != "" {
					t.Errorf("%s %s %s: %s was not filled in", language, name, format, found)
				}
			}
		}
	}
}

// What stands in a configuration or in a key is data in every form.
func TestHostileValuesStayText(t *testing.T) {
	f := whole()
	const evil = "<script>alert(1)</script>`|*_[x](http://evil)\r\nBcc: all@x"
	f.Display, f.Entity, f.User, f.Contact, f.Host = evil, evil, evil, evil, evil
	f.Folders[0].Path, f.Incoming[0].Name, f.Decrypt[0].For, f.HostKeys = evil, evil, []string{evil}, []string{evil}
	f.Incoming[1].Ignored, f.Outgoing[0].Suffix, f.Outgoing[0].Marker, f.Keys[0].Label = []string{"*." + evil}, evil, evil, evil
	f.Keys[0].OpenSSH = "ssh-ed25519 </pre><script>"
	page := written(t, f, "en", sheet.HTML)
	if strings.Contains(page, "<script") {
		t.Error("a value became a tag of the page")
	}
	if head, _, _ := strings.Cut(written(t, f, "en", sheet.Mail), "\n\n"); strings.Count(head, "\n") != 0 || !strings.HasPrefix(head, "Subject: ") {
		t.Errorf("a value became a header of the mail: %q", head)
	}
	for line := range strings.Lines(written(t, f, "en", sheet.Markdown)) {
		outside := regexp.MustCompile("`[^`]*`").ReplaceAllString(line, "")
		if !strings.HasPrefix(line, "ssh-") && (strings.Contains(outside, "<script") || link.MatchString(outside)) {
			t.Errorf("a value became Markdown: %q", line)
		}
	}
}

// A text is in each language, has the same to be put in, and is not English still: SFTP, ports and names of menus are the same in all.
func TestEveryLanguageHasEveryText(t *testing.T) {
	if got := sheet.Languages(); !slices.Equal(got, ask.Languages()) {
		t.Errorf("sheets are in %v, letters in %v", got, ask.Languages())
	}
	for _, fault := range sheet.Untranslated("install.server", "files.by", "files.name") {
		t.Error(fault)
	}
}

// A letter with a link says where and until when, and what is in the name stays text.
func TestLetterWithALink(t *testing.T) {
	for _, language := range append(sheet.Languages(), "") {
		var b strings.Builder
		letter := sheet.Invite("ACME\r\nBcc: all@x", language, "https://haulier.example/sheet/token", time.Date(2026, 12, 24, 9, 0, 0, 0, time.UTC))
		if err := sheet.Write(&b, letter, sheet.Mail); err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(b.String(), "\n\n")
		if strings.Contains(head, "\n") || !strings.Contains(body, "\nhttps://haulier.example/sheet/token\n") || !strings.Contains(body, "2026-12-24") || hole.MatchString(body) {
			t.Errorf("%s:\n%s", language, b.String())
		}
	}
}

func TestOtherLanguagesAndFormsAreRefused(t *testing.T) {
	if _, err := sheet.Compose(whole(), "xx"); err == nil || !strings.Contains(err.Error(), "en") {
		t.Errorf("language xx gave %v", err)
	}
	document, err := sheet.Compose(whole(), "en")
	if err != nil {
		t.Fatal(err)
	}
	if err := sheet.Write(&strings.Builder{}, document, "pdf"); err == nil || !strings.Contains(err.Error(), "html") {
		t.Errorf("form pdf gave %v", err)
	}
}
