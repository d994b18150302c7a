package sheet_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/control/sheet"
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
		Folders: []sheet.Folder{{Path: "/export/*daily*", Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayRename}}, {Path: "/import", Rights: []sheet.Right{sheet.MayWrite}}},
		Decrypt: []sheet.PGPKey{{Label: "acme-in@1", Fingerprint: "8DFA CD08", Expires: at, Armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n"}},
		Encrypt: []sheet.PGPKey{{Label: "acme-out@3", Fingerprint: "F00D BEEF"}}, Awaited: []string{"acme-new"}, Signed: true,
		SignedBy: &sheet.PGPKey{Label: "platform@1", Fingerprint: "CAFE", Armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxyz\n-----END PGP PUBLIC KEY BLOCK-----\n"},
		Incoming: []sheet.Files{
			{Job: "acme-customers", Folder: "/export/*daily*", Name: "customers_YYYYMMDD*.csv.pgp", Days: "mon-fri", By: "03:00", Zone: "Europe/Brussels", Marker: "{name}.done", After: sheet.MayRename, Target: "/export/daily/done"},
			{Job: "acme-staff", Folder: "/export/*daily*", Name: "staff|all.csv", Zone: "Europe/Brussels", After: sheet.MayRemove},
		},
		Outgoing: []sheet.Files{{Job: "acme-segments", Folder: "/import", Name: "segment_*.csv.pgp", Zone: "Europe/Brussels", Marker: "{name}.ok"}},
		Suffix:   ".part", Tested: &sheet.Tested{At: at, Slug: "auth.key_rejected"},
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
		Outgoing: []sheet.Files{{Name: "employees.csv", Folder: "/"}}}
	theirs := bare
	theirs.TheirKey, theirs.Tested = true, &sheet.Tested{At: time.Unix(0, 0)}
	for _, language := range sheet.Languages() {
		for name, f := range map[string]sheet.Facts{"whole": whole(), "bare": bare, "their key": theirs} {
			for _, format := range sheet.Formats() {
				text := written(t, f, language, format)
				text = strings.NewReplacer("{name}.done", "", "{name}.ok", "").Replace(text)
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
	f.Folders[0].Path, f.Incoming[0].Name, f.Awaited, f.HostKeys = evil, evil, []string{evil}, []string{evil}
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
