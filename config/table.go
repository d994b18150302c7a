package config

import "github.com/haulier/haulier/job"

// kind is what a key takes.
type kind string

// The kinds of values. Those below list have parts.
const (
	kText     kind = "text"
	kName     kind = "name"      // a-z, 0-9 and -, given by the user, permanent
	kRef      kind = "reference" // name of something defined elsewhere
	kFlag     kind = "true or false"
	kCount    kind = "number"
	kDuration kind = "duration"
	kSize     kind = "size"
	kRate     kind = "rate"
	kClock    kind = "time of day"
	kDays     kind = "days"
	kDate     kind = "date"
	kWord     kind = "word"
	kPath     kind = "local path"
	kFolder   kind = "folder on the server"
	kCron     kind = "schedule"
	kZone     kind = "time zone"
	kTemplate kind = "name template"
	kSuffix   kind = "end of a name"
	kPattern  kind = "pattern"
	kRegexp   kind = "regular expression"
	kHost     kind = "host name"
	kAddress  kind = "host:port"
	kIP       kind = "IP address"
	kNet      kind = "network"
	kHostKey  kind = "host key"
	kSecret   kind = "secret reference"
	kURL      kind = "web address"
	kMail     kind = "mail address"

	kList   kind = "list"
	kObject kind = "section"
	kDict   kind = "named sections"
	kUnion  kind = "choice" // the first alternative whose shape fits
)

// field is a row of the table: one key of the language.
type field struct {
	key     string
	kind    kind
	help    string   // sentences for `haulier docs`
	def     string   // default as it would be written; empty: none
	unset   string   // what a missing key means, where def cannot say it
	example string   // value as it would be written
	later   string   // what is not available yet; the key is refused
	need    bool     // must be there
	only    job.Type // for jobs, or channels, of this type; empty: for all
	words   []string // kWord: the words
	min     int64    // kCount, kDuration, kSize: the least
	max     int64    // kCount: the most; 0: no limit
	single  bool     // kList: one item may stand without brackets
	always  bool     // kObject: its defaults hold without it
	restart bool     // a change takes effect when the daemon starts again
	noun    string   // kDict: what one entry is called

	fields []field // kObject
	item   *field  // kList, kDict
	alts   []field // kUnion
}

// row finds the row for a key in a job or channel of the given type (empty elsewhere). Other is a row of the same key for
// another type.
func (f *field) row(key string, t job.Type) (found, other *field) {
	for i := range f.fields {
		row := &f.fields[i]
		if row.key != key {
			continue
		}
		if row.only == "" || t == "" || row.only == t {
			return row, nil
		}
		other = row
	}
	return nil, other
}

// keys lists the keys that a job or channel of the given type may have.
func (f *field) keys(t job.Type) []string {
	var keys []string
	for _, row := range f.fields {
		if row.only == "" || t == "" || row.only == t {
			keys = append(keys, row.key)
		}
	}
	return keys
}

func word(key, def, help string, words ...string) field {
	return field{key: key, kind: kWord, def: def, help: help, words: words}
}

func listOf(key string, item field, help string) field {
	return field{key: key, kind: kList, item: &item, help: help}
}

func object(key, help string, fields ...field) field {
	return field{key: key, kind: kObject, help: help, fields: fields}
}

func dict(key, noun, help string, fields ...field) field {
	item := field{kind: kObject, noun: noun, fields: fields}
	return field{key: key, kind: kDict, noun: noun, help: help, item: &item}
}

func later(key, what, help string) field { return field{key: key, later: what, help: help} }

func (f field) with(change func(*field)) field {
	change(&f)
	return f
}
