package config

import (
	"fmt"
	"strings"

	"github.com/haulier/haulier/job"
)

// entry is a row of the table with its whole path, names of things left out: jobs.from.match.
type entry struct {
	path  string
	field *field
	inJob bool
}

// entries lists every key of the language, in the order of the table.
func entries() []entry {
	var all []entry
	for i := range table.fields {
		all = appendEntries(all, "", &table.fields[i])
	}
	return all
}

func appendEntries(all []entry, prefix string, f *field) []entry {
	path := prefix + f.key
	all = append(all, entry{path: path, field: f, inJob: strings.HasPrefix(path, "jobs.")})
	for _, section := range f.sections() {
		for i := range section.fields {
			all = appendEntries(all, path+".", &section.fields[i])
		}
	}
	return all
}

// sections finds the sections whose keys stand under a key.
func (f *field) sections() []*field {
	switch f.kind {
	case kObject:
		return []*field{f}
	case kDict:
		return f.item.sections()
	case kUnion:
		var all []*field
		for i := range f.alts {
			all = append(all, f.alts[i].sections()...)
		}
		return all
	}
	return nil
}

// kindHelp says how each kind is written.
var kindHelp = map[kind]string{
	kText: "text", kName: "a name", kRef: "a name", kFlag: "true or false", kCount: "a whole number",
	kDuration: "a duration: 90s, 15m, 2h, 7d", kSize: "a size: 512KiB, 10GiB (2^30 bytes), 10GB (10^9)", kRate: "a rate: 1KiB/s",
	kClock: `a time of day in quotes: "06:30"`, kDays: "days: mon-fri, or [mon, thu]", kDate: "a day: 2026-12-25",
	kPath: "a local path", kFolder: "a folder on the server", kCron: "five cron fields, or @daily and the like",
	kZone: "an IANA time zone", kTemplate: "a name with tokens", kSuffix: "the end of a name", kPattern: "a glob for names", kRegexp: "a regular expression (RE2)",
	kHost: "a host name", kAddress: "host:port", kIP: "an IP address", kNet: "a network: 10.0.0.0/8", kHostKey: "`TYPE BASE64` or `TYPE SHA256:…`",
	kURL: "a web address: https://host/path", kMail: "a mail address",
	kSecret: "a reference to a secret: {env: NAME}, {file: PATH}, {credential: NAME} or {stored: NAME}",
}

// several says what lists hold.
var several = map[kind]string{
	kMail: "mail addresses", kSecret: "references to secrets",
	kText: "texts", kRef: "names", kDate: "days: [2026-12-25]", kPath: "local paths", kPattern: "globs for names", kIP: "IP addresses",
	kNet: "networks: [10.0.0.0/8]", kHostKey: "host keys, each `TYPE BASE64` or `TYPE SHA256:…`",
}

// takes says how a value of the field is written.
func (f *field) takes() string {
	switch f.kind {
	case kWord:
		return list(f.words, "or")
	case kList:
		s := "a list of " + several[f.item.kind]
		if f.item.kind == kWord {
			s = "a list of " + list(f.item.words, "and")
		}
		if f.single {
			s += ", or a single one"
		}
		return s
	case kDict:
		if f.item.kind == kUnion {
			return "names, each with " + f.item.forms()
		}
		return "names, with a section under each"
	case kUnion:
		return f.forms()
	case kObject:
		return "keys"
	}
	if f.kind == kCount && (f.min > 0 || f.max > 0) {
		return kindHelp[f.kind] + ", " + bounds(f)
	}
	return kindHelp[f.kind]
}

// missing says what holds without the key.
func (f *field) absent() string {
	switch {
	case f.need:
		return "needed"
	case f.unset != "":
		return f.unset
	case f.def != "":
		return f.def
	}
	return ""
}

// forType says which jobs have the key.
func (f *field) forType() string {
	switch f.only {
	case job.TypeImport:
		return "imports"
	case job.TypeExport:
		return "exports"
	case "":
		return ""
	}
	return "channels of type " + string(f.only)
}

// line gives the field as it would be written, with its example or default.
func (f *field) line() string {
	return fmt.Sprintf("%s: %s", f.key, f.shownValue())
}

// shownValue is the example, else the default, else a value that the kind takes.
func (f *field) shownValue() string {
	switch {
	case f.example != "":
		return f.example
	case f.def != "":
		return f.def
	case f.kind == kList:
		return "[" + f.item.shownValue() + "]"
	case f.kind == kWord:
		return f.words[0]
	case f.kind == kUnion:
		return f.alts[len(f.alts)-1].shownValue()
	case f.kind == kObject:
		return "{" + f.fields[0].line() + "}"
	}
	return ""
}
