package config

import (
	"cmp"

	"github.com/haulier/haulier/job"
)

func importOnly(f *field) { f.only = job.TypeImport }
func exportOnly(f *field) { f.only = job.TypeExport }

// jobFields are the keys of one job.
var jobFields = []field{
	word("type", "", "import: from the customer's server to a local folder. export: the other way.", "import", "export").with(needed),
	{key: "connection", kind: kRef, need: true, example: "acme", help: "Name of the connection."},
	{key: "enabled", kind: kFlag, def: "true", help: "false: not run, by hand neither; slots end skipped. History is kept."},
	{key: "formerly", kind: kRef, example: "acme-old", help: "Name that the job had: its history is carried on, so nothing is taken twice."},
	{key: "schedule", kind: kCron, example: `"*/15 0-5 * * *"`, unset: "only by hand, or after another job",
		help: "When to look: five fields (minute, hour, day, month, weekday) or @daily and the like, in the job's time zone. A time that " +
			"a clock change skips runs right after it; a repeated one runs once; starred minutes or hours follow real time."},
	{key: "timezone", kind: kZone, example: "Australia/Sydney", unset: "the top-level timezone",
		help: "IANA time zone of the schedule, window, calendar and of every date in a name."},
	{key: "after", kind: kRef, example: "acme-customers", help: "Run when a run of this job has succeeded."},
	object("window", "Wall time outside which no run is started; from after to spans midnight.",
		field{key: "from", kind: kClock, need: true, example: `"00:00"`, help: "Start of the window."},
		field{key: "to", kind: kClock, need: true, example: `"06:00"`, help: "End of the window."}),
	{key: "calendar", kind: kRef, example: "workdays", unset: "every day", help: "Name of a calendar: the days on which slots run."},
	{key: "jitter", kind: kDuration, def: "0s", help: "A slot starts up to this much later, the same on every node."},
	word("overlap", "skip", "A slot is due while the job still runs: skip it, or queue one.", "skip", "queue"),
	{key: "catch_up", kind: kDuration, def: "6h", help: "After an outage the latest missed slot runs if it is younger than this; others end missed. 0 = never."},
	retryTable(false), limitsTable(false), alertTable(false),
	jobFrom, jobTo,
	{key: "look_back", kind: kDuration, def: "7d", help: "How old a {date} in a name of the pattern may be, so that yesterday's late file still comes."},
	{key: "allow_empty", kind: kFlag, def: "false", help: "Take files of zero bytes. Otherwise they are rejected."},
	choice("after_success", "What becomes of the file on the customer's server once it has landed. It is never touched before.",
		field{kind: kWord, words: []string{"keep", "delete"}},
		object("", "", field{key: "move", kind: kRef, need: true, example: "processed", help: "Location to move it to."})).
		with(importOnly).with(func(f *field) { f.def = "keep" }),
	choice("after_success", "What becomes of the local file once it is delivered. A kept file is not sent again; see resend.",
		field{kind: kWord, words: []string{"keep", "delete"}},
		object("", "", field{key: "move", kind: kPath, need: true, example: "/srv/outbox/acme/sent", help: "Local folder to move it to."},
			field{key: "keep_for", kind: kDuration, example: "30d", unset: "for ever", help: "Moved files older than this are removed."})).
		with(exportOnly).with(func(f *field) { f.def = "keep" }),
	word("duplicates", "skip", "A file whose content already landed from the same path: skip it, land it again, or hold it for a person.",
		"skip", "land", "hold").with(importOnly),
	word("claim", "", "rename: move the source aside before it is fetched, where several clients read one folder. Only with after_success "+
		"move or delete.", "rename").with(importOnly).with(func(f *field) { f.unset = "the source is untouched until the landing is durable" }),
	object("archive", "A copy of every file as it was received, before decryption.",
		field{key: "dir", kind: kPath, need: true, example: "/srv/archive/acme", help: "Local folder of the copies."},
		field{key: "keep_for", kind: kDuration, example: "90d", unset: "for ever", help: "Copies older than this are removed."}).with(importOnly),
	field{key: "report_within", kind: kDuration, example: "6h", unset: "nobody waits for a report",
		help: "The platform reports by the API what became of each landed file; one that was not reported so long after its landing is an incident."}.with(importOnly),
	word("resend", "changed", "A name that was delivered before is there again: send it when its content changed, always when it is new, or never.",
		"changed", "always", "never").with(exportOnly),
	word("on_lost_reply", "hold", "The server's last answer was lost and nothing can be looked at: hold the file for a person, assume that it "+
		"was delivered, or send it again.", "hold", "assume", "resend").with(exportOnly),
	inboundTable.with(importOnly).with(perJob), outboundTable.with(exportOnly).with(perJob),
	expectTable,
	later("check", "content checks", "What must be true of the decrypted file before it is published."),
	object("supervised", "The first files are held, whole and checked, until a person approves or rejects each; afterwards the job is automatic. Either files or days.",
		field{key: "files", kind: kCount, min: 1, max: supervisedMost, example: "20", unset: "not counted", help: "Until so many files were approved."},
		field{key: "days", kind: kCount, min: 1, max: supervisedMost, example: "5", unset: "not counted",
			help: "Until files of so many days were approved; a file's day is the one on which it was seen first, in the job's time zone."}),
}

// expectTable is apart from the schedule: that says when somebody looks, this says what must have come.
var expectTable = object("expect", "What must be true by when: files that landed, or for an export were delivered. It is judged by itself, whatever runs come "+
	"to; a day is late behind by, and missing behind by and grace. Where from.match has a date that tells the day, only files of that day's date count.",
	field{key: "opens", kind: kClock, example: `"00:30"`, unset: "right behind the deadline of the day before, so that early files count",
		help: "Arrivals before it belong to the day before. One that is later in the day than by is that of the evening before."},
	field{key: "by", kind: kClock, need: true, example: `"03:00"`, help: "Deadline, by the clocks of the job's time zone. Its date names the day."},
	field{key: "grace", kind: kDuration, def: "0s", help: "How long after by a day is only late; then it is missing."},
	field{key: "days", kind: kDays, def: "mon-sun", example: "mon-fri", help: "Days of the week, of the deadline, on which something is expected."},
	field{key: "calendar", kind: kRef, example: "workdays", unset: "the job's own", help: "Name of a calendar: the days on which something is expected."},
	field{key: "files", kind: kCount, def: "1", min: 1, max: 1_000_000, help: "The least number of files."})

// supervisedMost is how many files or days a person may be asked to look at.
const supervisedMost = 10_000

// perJob makes a policy of a connection one that a job may override, without defaults of its own.
func perJob(f *field) {
	f.help += " Overrides the connection's, key by key."
	rows := make([]field, len(f.fields))
	for i, row := range f.fields {
		row.example = cmp.Or(row.example, row.def)
		row.def, row.unset = "", "as on the connection"
		rows[i] = row
	}
	f.fields = rows
}

var jobFrom = object("from", "Where files are taken.",
	field{key: "location", kind: kRef, need: true, only: job.TypeImport, example: "outgoing", help: "Location on the connection."},
	field{key: "dir", kind: kPath, need: true, only: job.TypeExport, example: "/srv/outbox/acme", help: "Outbox: local folder where the platform leaves files."},
	later("sql", "exports from databases", "A query whose result is the file.").with(exportOnly),
	field{key: "match", kind: kPattern, example: `"customers_{date:%Y%m%d}*.csv.pgp"`,
		help: "Names to take: * ? [a-z], and {date:%Y%m%d}, which stands for any date in that form of the last look_back."},
	field{key: "match_regex", kind: kRegexp, example: `'invoice-\d+\.xml'`, help: "Names to take, as a regular expression (RE2) over the whole name; instead of match."},
	listOf("ignore", field{kind: kPattern}, "Names that are never taken.").
		with(func(f *field) { f.def = `["*.part", "*.tmp", "*.filepart"]`; f.single = true }),
	field{key: "stable_for", kind: kDuration, example: "60s", unset: "30s; 0s with done_file",
		help: "Size and time must have been the same for this long, by our own clock. 0s = one look is enough."},
	field{key: "done_file", kind: kTemplate, example: `"{name}.done"`, unset: "not asked for",
		help: "Marker that must lie beside a file before it is taken. One that is older than a new version of a file is not its marker; where times are not told, the file must also be quiet for stable_for, or 30s."},
).with(needed)

var jobTo = object("to", "Where files are put.",
	field{key: "dir", kind: kPath, need: true, only: job.TypeImport, example: "/srv/landing/acme",
		help: "Landing: local folder where the platform takes files. They appear whole, by rename; unfinished ones are in .haulier inside it."},
	field{key: "location", kind: kRef, need: true, only: job.TypeExport, example: "incoming", help: "Location on the connection."},
	field{key: "name", kind: kTemplate, example: `"{stem}"`, unset: "{name}, less .pgp, .gpg or .asc when decrypted", only: job.TypeImport,
		help: "Name in the landing: {name} {stem} {ext} {date:%Y%m%d} {date-1d:…} {run} {seq}."},
	field{key: "name", kind: kTemplate, example: `"{name}.pgp"`, def: `"{name}"`, only: job.TypeExport,
		help: "Name on the server: {name} {stem} {ext} {date:%Y%m%d} {date-1d:…} {run} {seq}. It is made once for a file."},
	word("if_exists", "version", "The name is taken in the landing: land as name.2.csv, replace it, or fail.", "version", "replace", "fail").with(importOnly),
	word("if_exists", "fail", "The name is taken on the server: fail, replace it, or wait for the next run.", "fail", "replace", "wait").
		with(exportOnly).with(func(f *field) { f.unset = "fail; replace with in_place" }),
	field{key: "done_file", kind: kTemplate, only: job.TypeExport, example: `"{name}.done"`, unset: "none", help: "Empty file uploaded after a delivery."},
).with(needed)
