package config

import (
	"cmp"
	"time"
)

// table is the whole language: one section whose keys are the top level of haulier.yaml.
var table = object("", "The configuration: haulier.yaml and the files that it includes.",
	field{key: "version", kind: kCount, need: true, min: 1, max: 1, example: "1",
		help: "Version of this format. A version that this program does not know is refused."},
	field{key: "timezone", kind: kZone, example: "Europe/Brussels", unset: "UTC, with warning W-TZ",
		help: "IANA time zone of every job that does not name its own, and of daily figures."},
	field{key: "data_dir", kind: kPath, def: "haulier-data", restart: true,
		help: "Folder of the store, the master key, the stage of exports, logs and the socket. Relative paths, here and " +
			"everywhere, start at the folder of haulier.yaml."},
	listOf("egress_ips", field{kind: kIP, example: "203.0.113.10"},
		"Addresses that you dial from. Customers must allow them; they are printed on every onboarding sheet and in "+
			"every message about a refused connection."),
	field{key: "contact", kind: kText, example: "sftp@platform.example, +32 2 555 01 00", unset: "not stated",
		help: "Whom a customer asks on your side: printed on every onboarding sheet."},
	listOf("include", field{kind: kPath, example: "conf.d/*.yaml"},
		"Files with more of the same keys, by pattern; a folder stands for its *.yaml files. Only haulier.yaml may include. "+
			"A name defined twice is an error that names both places.").with(func(f *field) { f.single = true }),
	channelsTable,
	defaultsTable,
	dict("connections", "connection", "Accounts on customers' servers, by technical name. The name is permanent: it is part of "+
		"paths, metrics and history.", connectionFields...),
	dict("jump_hosts", "jump host", "Hosts on the way to servers, by name, for connections.*.jump.", endpointFields...),
	dict("calendars", "calendar", "Days on which jobs run, by name, for jobs.*.calendar.",
		field{key: "days", kind: kDays, def: "mon-sun", example: "mon-fri", help: "Days of the week with slots, such as mon-fri or [mon, thu]."},
		listOf("except", field{kind: kDate, example: "2026-12-25"}, "Dates without slots.")),
	dict("jobs", "job", "What is carried, and when, by technical name. The name is permanent; to change it, use formerly.",
		jobFields...),
	metricsTable,
	webTable,
	logTable,
)

var defaultsTable = object("defaults", "What holds for every job that does not say otherwise.",
	retryTable(true), limitsTable(true), alertTable(true),
).with(func(f *field) { f.always = true })

var metricsTable = object("metrics", "Prometheus metrics of the daemon.",
	field{key: "listen", kind: kAddress, example: `"127.0.0.1:9464"`, unset: "not served", restart: true,
		help: "Loopback address and port where `haulier serve` answers GET /metrics."},
)

var logTable = object("log", "The program's own log, on standard error.",
	word("level", "info", "The least that is logged.", "debug", "info", "warn", "error").with(restarts),
	word("format", "text", "One line an entry: text for people, json for machines.", "text", "json").with(restarts),
).with(func(f *field) { f.always = true })

func restarts(f *field) { f.restart = true }

// retryTable is the ladder of attempts. Only the global one has defaults; a job's takes what it lacks from there.
func retryTable(global bool) field {
	f := object("retry", "Further attempts after failures of the network and of busy servers. Refused logins, host keys, PGP and "+
		"content are never retried by themselves.",
		field{key: "attempts", kind: kCount, def: "5", min: 1, max: 100, help: "Attempts in all, the first included: 1 = no retry."},
		field{key: "backoff", kind: kDuration, def: "30s", min: int64(time.Second),
			help: "Wait before the second attempt. It doubles from attempt to attempt, with jitter."},
		field{key: "max_backoff", kind: kDuration, def: "15m", min: int64(time.Second), help: "The longest wait between two attempts."})
	return inherited(f, global)
}

// limitsTable bounds one run.
func limitsTable(global bool) field {
	f := object("limits", "Bounds of one run.",
		field{key: "timeout", kind: kDuration, def: "2h", min: int64(time.Second), help: "The whole run. Over it: run.timeout, and the next slot goes on."},
		field{key: "max_file_size", kind: kSize, def: "10GiB", min: 1, help: "Bytes of one file on the wire, and of what it becomes when decrypted."},
		field{key: "max_files", kind: kCount, min: 1, example: "1000", unset: "no limit", help: "Files moved by one run; the rest wait for the next."},
		field{key: "max_entries", kind: kCount, def: "1000000", min: 1, max: 100_000_000, help: "Names read of one listing; the run says when there were more."},
		field{key: "min_free_space", kind: kSize, def: "1GiB", help: "Bytes to leave free on the disks of stage and landing. Checked before the first byte."},
		field{key: "pgp_ratio", kind: kCount, def: "50", min: 1, max: 100_000, help: "Plaintext bytes for one encrypted byte, counted after the first 64 MiB: a guard against bombs."})
	return inherited(f, global)
}

func inherited(f field, global bool) field {
	f.always = true
	if global {
		return f
	}
	for i := range f.fields {
		row := &f.fields[i]
		row.example = cmp.Or(row.example, row.def)
		row.def, row.unset = "", "as in defaults."+f.key+"."+row.key
	}
	f.help += " What is missing here is taken from defaults."
	return f
}
