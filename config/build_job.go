package config

import (
	"regexp"
	"time"

	"github.com/haulier/haulier/job"
)

func (b *builder) job(name string, v *value) job.Spec {
	s := job.Spec{
		Name: name, Formerly: v.get("formerly").str(), Type: job.Type(v.get("type").str()), Connection: v.get("connection").str(),
		Enabled: v.get("enabled").flag(), Position: v.key.position(),
		Supervised: job.Supervised{Files: v.get("supervised", "files").count(), Days: v.get("supervised", "days").count()},
		Timing:     b.timing(v), Retry: b.retry(v), Limits: b.limits(v), Alert: b.alert(v),
	}
	s.Expect = b.expect(v, s.Timing)
	conn, ok := b.config.Connections[s.Connection]
	at := b.top.get("connections", s.Connection)
	if !ok {
		b.missing(v.get("connection"), "connection", b.top.get("connections"), "")
	}
	switch s.Type {
	case job.TypeImport:
		s.Import = b.importOf(name, v, conn, at)
	case job.TypeExport:
		s.Export = b.exportOf(name, v, conn, at)
	}
	b.judgeJob(s, v)
	return s
}

func (b *builder) importOf(name string, v *value, conn job.Connection, at *value) *job.Import {
	from, to := v.get("from"), v.get("to")
	i := &job.Import{
		Location: from.get("location").str(),
		Match:    from.get("match").str(), MatchRegex: from.get("match_regex").str(), Ignore: from.get("ignore").words(),
		StableFor: stable(from), DoneFile: from.get("done_file").str(), LookBack: v.get("look_back").duration(),
		Claim:   v.get("claim").str() == "rename",
		Opening: opening(override(v, at, "inbound", "pgp")), AllowEmpty: v.get("allow_empty").flag(),
		Duplicates: job.Duplicates(v.get("duplicates").str()),
		Landing:    b.local(to.get("dir")), Name: to.get("name").str(), IfExists: job.IfExists(to.get("if_exists").str()),
	}
	i.ReportWithin = v.get("report_within").duration()
	if i.Name == "" {
		i.Name = landed(i)
	}
	i.Dir = b.folder(from.get("location"), conn)
	i.AfterSuccess = b.retireRemote(v.get("after_success"), conn)
	if a := v.get("archive"); a.usable() {
		i.Archive = &job.Archive{Dir: b.local(a.get("dir")), KeepFor: a.get("keep_for").duration()}
	}
	b.judgeImport(name, i, v, conn)
	return i
}

func (b *builder) exportOf(name string, v *value, conn job.Connection, at *value) *job.Export {
	from, to := v.get("from"), v.get("to")
	e := &job.Export{
		Outbox: b.local(from.get("dir")),
		Match:  from.get("match").str(), MatchRegex: from.get("match_regex").str(), Ignore: from.get("ignore").words(),
		StableFor: stable(from), DoneFile: from.get("done_file").str(), LookBack: v.get("look_back").duration(),
		AllowEmpty: v.get("allow_empty").flag(), Resend: job.Resend(v.get("resend").str()),
		Location: to.get("location").str(), Name: to.get("name").str(), IfExists: job.IfExists(to.get("if_exists").str()),
		Sealing:       sealing(override(v, at, "outbound", "pgp")),
		PartialSuffix: override(v, at, "outbound", "partial_suffix").str(),
		InPlace:       override(v, at, "outbound", "in_place").flag(),
		Verify:        conn.Verify, Rename: conn.Rename,
		OnLostReply: job.OnLostReply(v.get("on_lost_reply").str()), Marker: to.get("done_file").str(),
		AfterSuccess: b.retireLocal(v.get("after_success")),
	}
	e.Dir = b.folder(to.get("location"), conn)
	if conn.Profile == "put-only" {
		e.InPlace, e.Verify, e.Rename = true, job.VerifyNone, job.RenameNone
	}
	e.InPlace = e.InPlace || conn.Rename == job.RenameNone
	if exists := to.get("if_exists"); e.InPlace && exists != nil && exists.implied {
		e.IfExists = job.ExistsReplace
		exists.text = string(e.IfExists)
	}
	b.judgeExport(name, e, v, conn)
	return e
}

// landed is the name of a landed file where the job does not say it: its own, less the ending that says PGP once it is
// decrypted. No template can say the latter of names that may or may not have such an ending; for those it is empty.
func landed(i *job.Import) string {
	switch {
	case i.Opening == nil:
		return "{name}"
	case sealedName(i.Match), sealedRegexp.MatchString(i.MatchRegex):
		return "{stem}"
	}
	return ""
}

// sealedRegexp finds regular expressions all of whose names end in a PGP ending.
var sealedRegexp = regexp.MustCompile(`(?i)^[^|]*\\\.(?:pgp|gpg|asc)\$?$`)

// stable is the stillness that is asked for: a marker says that a file is whole, so no time need pass beside it.
func stable(from *value) time.Duration {
	switch {
	case from.get("stable_for") != nil:
		return from.get("stable_for").duration()
	case from.get("done_file") != nil:
		return 0
	}
	return job.StableFor
}

// override finds a policy of the job, else its connection's.
func override(v, conn *value, keys ...string) *value {
	if own := v.get(keys...); own != nil {
		return own
	}
	return conn.get(keys...)
}

func opening(v *value) *job.Opening {
	if v.get("decrypt_with") == nil {
		return nil
	}
	return &job.Opening{DecryptWith: v.get("decrypt_with").words(), SignedBy: v.get("signed_by").words()}
}

func sealing(v *value) *job.Sealing {
	if v.get("encrypt_to") == nil {
		return nil
	}
	return &job.Sealing{EncryptTo: v.get("encrypt_to").words(), SignWith: v.get("sign_with").str()}
}

// folder finds the path of a location that a job names.
func (b *builder) folder(v *value, conn job.Connection) string {
	if !v.usable() || conn.Name == "" {
		return ""
	}
	l, ok := conn.Locations[v.str()]
	if !ok {
		b.missing(v, "location", b.top.get("connections", conn.Name, "locations"), " on connection \""+conn.Name+"\"")
	}
	return l.Path
}

func (b *builder) retireRemote(v *value, conn job.Connection) job.Retire {
	if v.get("move") == nil {
		return job.Retire{Action: job.RetireAction(v.str())}
	}
	return job.Retire{Action: job.RetireMove, Dir: b.folder(v.get("move"), conn)}
}

func (b *builder) retireLocal(v *value) job.Retire {
	if v.get("move") == nil {
		return job.Retire{Action: job.RetireAction(v.str())}
	}
	return job.Retire{Action: job.RetireMove, Dir: b.local(v.get("move")), KeepFor: v.get("keep_for").duration()}
}

// missing reports a name that stands for nothing.
func (b *builder) missing(v *value, noun string, among *value, where string) {
	if !v.usable() || b.unread() || among != nil && among.broken {
		return
	}
	b.fail(v.at, "E-REFERENCE", "there is no %s %s%s%s", noun, quoted(v.str()), where, meant(v.str(), among.names()))
}
