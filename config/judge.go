package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// judgeAll looks at what concerns several jobs or connections at once.
func (b *builder) judgeAll() {
	if b.unread() {
		return
	}
	b.judgeAfter()
	b.judgeFormerly()
	b.judgeSources()
	b.judgeSharedKeys()
	b.judgeAccounts()
	b.judgeFallbacks()
	b.judgeAlerts()
	b.judgeUnused()
}

func (b *builder) judgeMetrics(v *value) {
	if !v.usable() {
		return
	}
	host, _, _ := net.SplitHostPort(v.str())
	if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
		b.fail(v.at, "E-CONFLICT", "metrics.listen %s is not a loopback address: the figures are served without a login; write 127.0.0.1", quoted(v.str()))
	}
}

// judgeAfter finds jobs that wait for each other.
func (b *builder) judgeAfter() {
	after := map[string]string{}
	for _, s := range b.config.Jobs {
		after[s.Name] = s.Timing.After
	}
	seen := map[string]bool{}
	for _, s := range b.config.Jobs {
		if ring := ringOf(s.Name, after, seen); len(ring) > 0 {
			b.fail(b.top.get("jobs", ring[0], "after").at, "E-CYCLE", "%s: %s", waiting(ring), strings.Join(append(ring, ring[0]), " after "))
		}
	}
}

func waiting(ring []string) string {
	if len(ring) == 1 {
		return "a job waits for itself"
	}
	return "jobs wait for each other"
}

// ringOf follows after from a job, as far as nobody has been before; the jobs of the ring if it comes back to one of them.
func ringOf(name string, after map[string]string, seen map[string]bool) []string {
	var path []string
	for ; name != "" && !seen[name]; name = after[name] {
		seen[name] = true
		path = append(path, name)
	}
	if begin := slices.Index(path, name); begin >= 0 {
		return path[begin:]
	}
	return nil
}

func (b *builder) judgeFormerly() {
	heir := map[string]string{}
	for _, s := range b.config.Jobs {
		v := b.top.get("jobs", s.Name, "formerly")
		if !v.usable() {
			continue
		}
		if b.top.get("jobs", s.Formerly) != nil {
			b.fail(v.at, "E-CONFLICT", "job %q carries on the history of %q, which is still a job; take one of them out", s.Name, s.Formerly)
		}
		if first := heir[s.Formerly]; first != "" {
			b.fail(v.at, "E-CONFLICT", "jobs %q and %q both carry on the history of %q; only one can", first, s.Name, s.Formerly)
		}
		heir[s.Formerly] = s.Name
	}
}

// judgeSources warns of two jobs that take the same files.
func (b *builder) judgeSources() {
	type takes struct{ where, match string }
	first := map[takes]job.Spec{}
	for _, s := range b.config.Jobs {
		t, place := takes{}, ""
		switch {
		case s.Import != nil:
			t = takes{s.Connection + "\x00" + s.Import.Dir, s.Import.Match + "\x00" + s.Import.MatchRegex}
			place = "location " + quoted(s.Import.Location)
		case s.Export != nil:
			t = takes{s.Export.Outbox, s.Export.Match + "\x00" + s.Export.MatchRegex}
			place = "folder " + quoted(b.top.get("jobs", s.Name, "from", "dir").str())
		}
		other, twice := first[t]
		if t.where == "" || !twice {
			first[t] = s
			continue
		}
		if s.Import == nil && other.Connection != s.Connection {
			continue // one file for two customers
		}
		b.warn(b.top.get("jobs", s.Name).key, "W-SAME-SOURCE", "jobs %q and %q take the same names from %s: each will take every file", other.Name, s.Name, place)
	}
}

// judgeSharedKeys warns of one key for several connections: whoever gives it up gives up all of them.
func (b *builder) judgeSharedKeys() {
	first := map[string]string{}
	for _, name := range b.top.get("connections").names() {
		v := b.top.get("connections", name, "auth", "key")
		if !v.usable() {
			continue
		}
		if other := first[v.str()]; other != "" {
			b.warn(v.at, "W-SHARED-KEY", "connections %q and %q use the same key %q; a key for each lets one be changed alone", other, name, v.str())
			continue
		}
		first[v.str()] = name
	}
}

// judgeAccounts warns of connections that are one account and contradict each other about its limit.
func (b *builder) judgeAccounts() {
	first := map[job.Account]job.Connection{}
	for _, name := range b.top.get("connections").names() {
		c := b.config.Connections[name]
		account := job.Account{Host: c.Host, Port: c.Port, User: c.User}
		other, twice := first[account]
		if !twice {
			first[account] = c
			continue
		}
		if c.Host != "" && c.User != "" && other.MaxConnections != c.MaxConnections {
			b.warn(b.top.get("connections", name).key, "W-SAME-ACCOUNT", "connections %q and %q are one account, %s on %s:%d, and share one limit; give both the same max_connections",
				other.Name, name, quoted(c.User), c.Host, c.Port)
		}
	}
}

// judgeUnused warns of what nothing refers to.
func (b *builder) judgeUnused() {
	used := map[string]bool{}
	for _, s := range b.config.Jobs {
		if s.Timing.Calendar != nil {
			used["calendars."+s.Timing.Calendar.Name] = true
		}
		if s.Expect != nil && s.Expect.Calendar != nil {
			used["calendars."+s.Expect.Calendar.Name] = true
		}
	}
	for _, c := range b.config.Connections {
		for _, hop := range c.Jump {
			used["jump_hosts."+hop.Name] = true
		}
	}
	for _, section := range []string{"jump_hosts", "calendars"} {
		for _, name := range b.top.get(section).names() {
			if !used[section+"."+name] {
				b.warn(b.top.get(section, name).key, "W-UNUSED", "%s %q is used by nothing", nouns[section], name)
			}
		}
	}
}

func about(noun, name, format string, args ...any) string {
	return fmt.Sprintf("%s %q: ", noun, name) + fmt.Sprintf(format, args...)
}
