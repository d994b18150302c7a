package config

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/haulier/haulier/job"
)

// judgeJob looks at what imports and exports share.
func (b *builder) judgeJob(s job.Spec, v *value) {
	b.judgeTiming(s, v)
	b.judgeExpect(s, v)
	b.judgeRetry(s, v)
	b.judgeFrom(s, v.get("from"))
	b.judgeSupervised(s, v.get("supervised"))
	b.template(s.Name, "to.name", v.get("to", "name"))
	b.template(s.Name, "to.done_file", v.get("to", "done_file"))
	b.lookForPGP(v.get("inbound", "pgp"), v.get("outbound", "pgp"))
}

func (b *builder) judgeTiming(s job.Spec, v *value) {
	after := v.get("after")
	if after.usable() && b.top.get("jobs", s.Timing.After) == nil {
		b.missing(after, "job", b.top.get("jobs"), "")
	}
	if name := v.get("calendar"); name.usable() && b.top.get("calendars", name.str()) == nil {
		b.missing(name, "calendar", b.top.get("calendars"), "")
	}
	if w := s.Timing.Window; w != nil && w.From == w.To && !v.get("window", "from").broken && !v.get("window", "to").broken {
		b.fail(v.get("window").key, "E-VALUE", "job %q: the window ends when it begins; leave window out to run at any time", s.Name)
	}
	if s.Enabled && v.get("schedule") == nil && after == nil {
		b.warn(v.key, "W-NO-SCHEDULE", "job %q has neither schedule nor after: it runs by hand only", s.Name)
	}
	b.judgeCron(s, v.get("schedule"))
}

func (b *builder) judgeCron(s job.Spec, v *value) {
	if !v.usable() {
		return
	}
	warnings, err := b.CheckCron(v.str(), s.Timing.Zone)
	if err != nil {
		b.fail(v.at, "E-CRON", "job %q, schedule: %s", s.Name, printable(err.Error()))
		return
	}
	for _, text := range warnings {
		b.warn(v.at, "W-CRON", "job %q: %s", s.Name, text)
	}
	if b.sound(s, "window", "calendar") && neverRuns(s.Timing, b.Now) {
		b.warn(v.at, "W-NEVER", "job %q never runs by itself: its window or calendar leaves out every time of its schedule", s.Name)
	}
	for _, text := range b.CheckClock(v.str(), s.Timing.Zone) {
		b.warn(v.at, "W-DST", "job %q %s", s.Name, text)
	}
}

// sound says that keys of a job, and the calendar that it names, have nothing wrong in them.
func (b *builder) sound(s job.Spec, keys ...string) bool {
	ok := true
	for _, key := range keys {
		v := b.top.get("jobs", s.Name, key)
		ok = ok && (v == nil || v.whole())
	}
	if c := s.Timing.Calendar; c != nil {
		ok = ok && b.top.get("calendars", c.Name).whole()
	}
	return ok
}

func (b *builder) judgeRetry(s job.Spec, v *value) {
	if own := v.get("retry"); s.Retry.Backoff > s.Retry.MaxBackoff && own.usable() {
		b.fail(own.key, "E-CONFLICT", "job %q: retry.backoff (%s) is longer than retry.max_backoff (%s)", s.Name, s.Retry.Backoff, s.Retry.MaxBackoff)
	}
}

func (b *builder) judgeFrom(s job.Spec, from *value) {
	if !from.usable() {
		return
	}
	match, regex := from.get("match"), from.get("match_regex")
	switch {
	case match != nil && regex != nil:
		b.fail(regex.key, "E-CONFLICT", "job %q: match and match_regex are both given; one says which names are taken", s.Name)
	case match == nil && regex == nil:
		b.fail(from.key, "E-MISSING", "job %q, from needs match (or match_regex): the names to take, such as \"customers_*.csv\"", s.Name)
	}
	b.pattern(s.Name, "from.match", match)
	for _, item := range from.get("ignore").entries() {
		b.pattern(s.Name, "from.ignore", item)
	}
	b.template(s.Name, "from.done_file", from.get("done_file"))
	several := match == nil || strings.ContainsAny(match.str(), "*?[{")
	if done := from.get("done_file"); done.usable() && several && !strings.Contains(done.str(), "{") {
		b.warn(done.at, "W-DONE-FILE", "job %q: every file waits for the same marker %s; write \"{name}.done\" for a marker beside each", s.Name, quoted(done.str()))
	}
}

func (b *builder) judgeSupervised(s job.Spec, v *value) {
	if !v.usable() {
		return
	}
	files, days := v.get("files"), v.get("days")
	switch {
	case files != nil && days != nil:
		b.fail(days.key, "E-CONFLICT", "job %q: supervised by files and by days; one says when the job becomes automatic", s.Name)
	case files == nil && days == nil:
		b.fail(v.key, "E-MISSING", "job %q, supervised needs files (or days): how many a person looks at, such as {files: 20}", s.Name)
	}
}

func (b *builder) pattern(name, key string, v *value) {
	if !v.usable() || v.implied {
		return
	}
	if strings.Contains(strings.ReplaceAll(v.str(), "{date", ""), "/") && !strings.Contains(v.str(), "{") {
		b.fail(v.at, "E-PATTERN", "job %q, %s: %s holds a /; a pattern is for names, and the folder is the location", name, key, quoted(v.str()))
		return
	}
	if err := b.CheckPattern(v.str()); err != nil {
		b.fail(v.at, "E-PATTERN", "job %q, %s: %s", name, key, printable(err.Error()))
	}
}

func (b *builder) template(name, key string, v *value) {
	if !v.usable() || v.implied {
		return
	}
	if err := b.CheckTemplate(v.str()); err != nil {
		b.fail(v.at, "E-TEMPLATE", "job %q, %s: %s", name, key, printable(err.Error()))
	}
}

func (b *builder) judgeImport(name string, i *job.Import, v *value, conn job.Connection) {
	from := v.get("from", "location")
	if conn.Profile == "put-only" && v.get("connection").usable() {
		b.fail(v.get("connection").at, "E-PUT-ONLY", "job %q: connection %q takes uploads only (profile put-only); nothing can be imported from it", name, conn.Name)
	} else if conn.Locations[i.Location].Use == job.UseUpload {
		b.fail(from.at, "E-USE", "job %q: location %q on connection %q is for upload; an import needs one for download", name, i.Location, conn.Name)
	}
	retire := v.get("after_success")
	if i.Claim && i.AfterSuccess.Action == job.RetireKeep && retire.usable() {
		b.fail(v.get("claim").at, "E-CONFLICT", "job %q: claim: rename moves the source aside, so it cannot also be kept; add after_success: delete, or {move: LOCATION}", name)
	}
	if move := retire.get("move"); move.usable() && i.AfterSuccess.Dir != "" && i.AfterSuccess.Dir == i.Dir {
		b.fail(move.at, "E-CONFLICT", "job %q: after_success moves files to the folder that they are taken from, %s", name, quoted(i.Dir))
	}
	b.judgeFolders(name, v.get("to", "dir"), v.get("archive", "dir"), "the archive would lie in the landing, where the platform takes files")
	b.judgeInside(name, v.get("to", "dir"), "the landing")
}

func (b *builder) judgeExport(name string, e *job.Export, v *value, conn job.Connection) {
	to := v.get("to", "location")
	if conn.Locations[e.Location].Use == job.UseDownload {
		b.fail(to.at, "E-USE", "job %q: location %q on connection %q is for download; an export needs one for upload", name, e.Location, conn.Name)
	}
	exists := v.get("to", "if_exists")
	if e.InPlace && exists.given() && exists.usable() && e.IfExists != job.ExistsReplace {
		b.fail(exists.at, "E-CONFLICT", "job %q: if_exists %s needs a rename, and this server is written in place: what is there is replaced", name, e.IfExists)
	}
	b.judgeFolders(name, v.get("from", "dir"), v.get("after_success", "move"), "sent files would be taken again")
	b.judgeInside(name, v.get("from", "dir"), "the outbox")
	if to := v.get("to", "name"); e.Sealing == nil && to.usable() && sealedName(to.str()) && !sealedName(e.Match) {
		b.warn(to.at, "W-NOT-ENCRYPTED", "job %q: the name %s says that the file is encrypted, and neither job nor connection has outbound.pgp", name, quoted(to.str()))
	}
}

func sealedName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pgp", ".gpg", ".asc":
		return true
	}
	return false
}

// judgeFolders refuses two uses of one local folder.
func (b *builder) judgeFolders(name string, first, second *value, why string) {
	if first.usable() && second.usable() && b.local(first) == b.local(second) {
		b.fail(second.at, "E-CONFLICT", "job %q: %s is the same folder as %s: %s", name, quoted(second.str()), quoted(first.str()), why)
	}
}

// judgeInside keeps customers' files out of the folder of the store.
func (b *builder) judgeInside(name string, v *value, what string) {
	if !v.usable() || b.config.DataDir == "" {
		return
	}
	rel, err := filepath.Rel(b.config.DataDir, b.local(v))
	if err == nil && rel != ".." && !strings.HasPrefix(rel, "../") {
		b.fail(v.at, "E-CONFLICT", "job %q: %s %s lies in data_dir, which holds the store and its keys; choose another folder", name, what, quoted(v.str()))
	}
}
