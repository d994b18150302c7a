package sheet_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/control/sheet"
)

const (
	print43   = "SHA256:EZYqRskeDhBuIeQxp1dkaiojpYS7f2tMSWPOUe8IvA0"
	publicPGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxsFN\n-----END PGP PUBLIC KEY BLOCK-----"
)

func TestAnswersAreReadAndJudged(t *testing.T) {
	for name, test := range map[string]struct {
		in, want sheet.Answers
		faults   sheet.Faults
	}{
		"nothing": {faults: sheet.Faults{"": "empty"}},
		"blanks":  {in: sheet.Answers{"host": " \t\r\n", "remarks": "\u200b"}, faults: sheet.Faults{"": "empty"}},
		"all": {
			in:   sheet.Answers{"host": " sftp.acme.example ", "port": "2222", "user": "Plat", "method": "both", "hostkey": "256 " + print43 + " root (ED25519)", "folders": "/a\r\n/b", "pgp": publicPGP, "contact": "Ann\nBcc: x", "remarks": "é\x1b[31m\u202egood"},
			want: sheet.Answers{"host": "sftp.acme.example", "port": "2222", "user": "Plat", "method": "both", "hostkey": "256 " + print43 + " root (ED25519)", "folders": "/a\n/b", "pgp": publicPGP, "contact": "Ann Bcc: x", "remarks": "é[31mgood"},
		},
		"wrong": {
			in:     sheet.Answers{"port": "70000", "method": "magic", "hostkey": "SHA256:short", "pgp": "my key"},
			want:   sheet.Answers{"port": "70000", "method": "magic", "hostkey": "SHA256:short", "pgp": "my key"},
			faults: sheet.Faults{"port": "port", "method": "empty", "hostkey": "hostkey", "pgp": "pgp"},
		},
		"long":              {in: sheet.Answers{"host": strings.Repeat("é", 254)}, want: sheet.Answers{"host": strings.Repeat("é", 254)}, faults: sheet.Faults{"host": "long"}},
		"not UTF-8":         {in: sheet.Answers{"host": "a\xffb"}, want: sheet.Answers{"host": "a\uFFFDb"}},
		"MD5":               {in: sheet.Answers{"hostkey": "MD5:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10"}, want: sheet.Answers{"hostkey": "MD5:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10"}},
		"OpenSSH private":   {in: sheet.Answers{"remarks": "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl", "host": "x"}, want: sheet.Answers{"host": "x"}, faults: sheet.Faults{"remarks": "private"}},
		"PGP private":       {in: sheet.Answers{"pgp": "-----BEGIN PGP PRIVATE KEY BLOCK-----"}, faults: sheet.Faults{"pgp": "private"}},
		"broken private":    {in: sheet.Answers{"remarks": "BEGIN RSA PRIVATE\u200b\nKEY"}, faults: sheet.Faults{"remarks": "private"}},
		"bare private":      {in: sheet.Answers{"remarks": "here: b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ"}, faults: sheet.Faults{"remarks": "private"}},
		"PuTTY private":     {in: sheet.Answers{"remarks": "PuTTY-User-Key-File-3: ssh-ed25519"}, faults: sheet.Faults{"remarks": "private"}},
		"SSH2 private":      {in: sheet.Answers{"hostkey": "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----"}, faults: sheet.Faults{"hostkey": "private"}},
		"a field of no use": {in: sheet.Answers{"admin": "1"}, faults: sheet.Faults{"": "empty"}},
	} {
		answers, faults := sheet.Read(func(field string) string { return test.in[field] })
		if test.want == nil {
			test.want = sheet.Answers{}
		}
		if test.faults == nil {
			test.faults = sheet.Faults{}
		}
		if diff := cmp.Diff([]any{test.want, test.faults}, []any{answers, faults}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A form keeps what was typed, says what is wrong with it, and takes nothing of it for a tag.
func TestFormSaysWhatIsWrong(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	for _, language := range sheet.Languages() {
		document, err := sheet.Compose(whole(), language)
		if err != nil {
			t.Fatal(err)
		}
		body := func(s sheet.State) string {
			t.Helper()
			s.Action = "?lang=" + language
			page, err := sheet.Body(document.Fill(s))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(page), "<script") || hole.MatchString(string(page)) {
				t.Errorf("%s: what was typed became a tag, or a hole was left", language)
			}
			return string(page)
		}
		fresh := body(sheet.State{})
		for _, name := range sheet.Fields() {
			if !strings.Contains(fresh, `name="`+name+`"`) {
				t.Errorf("%s: nobody is asked for %s", language, name)
			}
		}
		wrong := body(sheet.State{Values: sheet.Answers{"host": evil, "port": evil, "remarks": evil}, Faults: sheet.Faults{"port": "port", "pgp": "private", "host": "long"}})
		for _, want := range []string{"65535", "253", `aria-describedby="w-port"`, "&lt;script&gt;", `role="alert"`} {
			if !strings.Contains(wrong, want) {
				t.Errorf("%s: what is wrong lacks %s: %s", language, want, wrong)
			}
		}
		sent := body(sheet.State{Sent: sheet.Answers{"host": evil, "method": "both"}})
		if strings.Contains(sent, "<form") || !strings.Contains(sent, "&lt;script&gt;") || !strings.Contains(sent, `role="status"`) {
			t.Errorf("%s: %s", language, sent)
		}
		for _, why := range []sheet.Trouble{sheet.Full, sheet.Unread, sheet.Failed} {
			got := body(sheet.State{Why: why, Values: sheet.Answers{"host": evil, "remarks": "so\nmuch"}})
			typed := strings.Contains(got, "&lt;script&gt;") && strings.Contains(got, "so\nmuch")
			if strings.Contains(got, "<form") != (why == sheet.Failed) || typed != (why != sheet.Unread) || !strings.Contains(got, `role="alert"`) {
				t.Errorf("%s %s: %s", language, why, got)
			}
		}
	}
	if paper := written(t, whole(), "en", sheet.HTML); strings.Contains(paper, "<form") {
		t.Error("the sheet that is printed has a form")
	}
}

// FuzzAnswers: whatever comes, answers are valid text that can be seen, within their bounds, and hold no private key.
func FuzzAnswers(f *testing.F) {
	f.Add("sftp.acme.example", "22", print43, publicPGP, "hello\r\nworld")
	f.Add("\x00\u202e", "-1", "SHA256:", "-----BEGIN PGP PRIVATE KEY BLOCK-----", strings.Repeat("\xff", 100))
	f.Fuzz(func(t *testing.T, host, port, hostKey, pgp, remarks string) {
		form := map[string]string{"host": host, "port": port, "hostkey": hostKey, "pgp": pgp, "remarks": remarks}
		answers, faults := sheet.Read(func(name string) string { return form[name] })
		if len(answers) == 0 && len(faults) == 0 {
			t.Error("nothing came and nothing is wrong")
		}
		for name, text := range answers {
			bad := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
			if text == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, bad) || faults[name] == "" && len(text) > 4*24_000 || strings.Contains(text, "PGP PRIVATE KEY") {
				t.Errorf("%s is %q", name, text)
			}
		}
		again, _ := sheet.Read(func(name string) string { return answers[name] })
		for name, text := range again {
			if answers[name] != text {
				t.Errorf("%s was read as %q, and then as %q", name, answers[name], text)
			}
		}
	})
}
