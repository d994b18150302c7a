package sheet

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Answers are what a customer filled in, by the names of fields. They are text from outside: for people to read, and nothing else.
type Answers map[string]string

// Faults say what is wrong with answers, by the names of fields: the name of a text. The field "" is the form itself.
type Faults map[string]string

// asked is one field of the form.
type asked struct {
	name  string
	most  int // characters
	rows  int // 0: one line
	judge func(string) (fault string)
}

// fields are what a customer is asked for, in their order.
var fields = []asked{
	{name: "host", most: 253},
	{name: "port", most: 5, judge: judgePort},
	{name: "user", most: 128},
	{name: "method", most: 8, judge: judgeMethod},
	{name: "hostkey", most: 2000, rows: 3, judge: judgeHostKey},
	{name: "folders", most: 2000, rows: 3},
	{name: "pgp", most: 24_000, rows: 4, judge: judgePGP},
	{name: "contact", most: 500},
	{name: "remarks", most: 4000, rows: 4},
}

// methods are how a customer may let us log in.
var methods = []string{"key", "password", "both"}

// Fields are the names of what a customer is asked for, in their order.
func Fields() []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// Read takes the answers of a form, and says what is wrong with them: they come back as they were typed, also those that are too long.
// Where a private key is among them, none is given back.
func Read(value func(name string) string) (Answers, Faults) {
	answers, faults := Answers{}, Faults{}
	for _, f := range fields {
		text := clean(value(f.name), f.rows > 0)
		switch {
		case text == "":
			continue
		case private.MatchString(text):
			faults[f.name] = "private"
			continue
		case utf8.RuneCountInString(text) > f.most:
			faults[f.name] = "long"
		case f.judge != nil:
			if fault := f.judge(text); fault != "" {
				faults[f.name] = fault
			}
		}
		answers[f.name] = text
	}
	if len(answers) == 0 && len(faults) == 0 {
		faults[""] = "empty"
	}
	return answers, faults
}

// private finds what nobody should have sent: keys of OpenSSH (also without the line around them), of PEM, of PGP, of PuTTY, and of RFC 4716's family.
var private = regexp.MustCompile(`(?i)(BEGIN|----)[A-Z0-9\s]*PRIVATE\s+KEY|PuTTY-User-Key-File|Private-Lines:|b3BlbnNzaC1rZXktdjE`)

// clean makes a text that can be shown: of valid characters that can be seen, in one line or several, without blanks around it.
func clean(text string, lines bool) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && lines:
			return r
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r): // control characters, and those that turn the direction of reading
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

func judgePort(text string) string {
	if port, err := strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
		return "port"
	}
	return ""
}

func judgeMethod(text string) string {
	if !slices.Contains(methods, text) {
		return "empty"
	}
	return ""
}

// printed finds fingerprints and public keys as ssh-keygen prints them.
var printed = regexp.MustCompile(`SHA256:[A-Za-z0-9+/]{43}|(ssh|ecdsa)-[a-z0-9-]+ AAAA[A-Za-z0-9+/]+|(^|[^0-9a-f])([0-9a-f]{2}:){15}[0-9a-f]{2}`)

func judgeHostKey(text string) string {
	if !printed.MatchString(text) {
		return "hostkey"
	}
	return ""
}

func judgePGP(text string) string {
	if !strings.Contains(text, "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
		return "pgp"
	}
	return ""
}
