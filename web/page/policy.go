package page

import (
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/span"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// policy is how a connection is used: what is allowed, what is held to, and what ends when.
type policy struct {
	Login  []string // sentences about how somebody logs in; where secrets are, and never what
	Ends   []dated  // of its password and keys, soonest first
	Limits []string
	Trust  string // which host keys count
	Jobs   []jobPolicy
}

// jobPolicy is what one or more jobs of a connection hold to.
type jobPolicy struct {
	Names  []string
	Window string
	Retry  string
	Limits string
	Seals  string // what is done with PGP
}

// policyOf tells the policy of a connection to who asks.
func (p *pages) policyOf(r *http.Request, shown connectionShown, specs []job.Spec) (policy, error) {
	sight := route.Of(r.Context()).Sight
	entries, err := p.Options.Keys.CredentialCalendar(r.Context(), sight)
	if err != nil {
		return policy{}, err
	}
	said := policy{Login: loginOf(shown.Connection, p.Clock(), p.House.Plan().Zone), Limits: limitsOf(shown.Connection, sight.Whole()), Trust: trustOf(shown.Account)}
	for _, e := range entries {
		if slices.Contains(e.Connections, shown.Name) && e.Kind != job.KindToken && e.Says != job.EntryNote {
			said.Ends = append(said.Ends, dated{e})
		}
	}
	said.Ends = said.Ends[:min(len(said.Ends), datesMost)]
	said.Jobs = jobPolicies(specs)
	return said, nil
}

// loginOf says how somebody logs in there.
func loginOf(c job.Connection, now time.Time, zone *time.Location) []string {
	a := c.Auth
	said := []string{"as " + c.User + " by " + strings.Join(a.Methods, ", ") + "; the server says whether it wants one or all"}
	switch {
	case a.Key != "":
		said = append(said, "with our key "+a.Key+", which is kept sealed in the store")
	case a.KeyFile != nil:
		said = append(said, "with a key in a file that was handed to us")
	}
	if a.Password != nil {
		said = append(said, "with a password "+keptIn[a.Password.From]+endsOn(a.Expires, now, zone))
	}
	if s := a.Successor; s != nil {
		said = append(said, "from "+s.From.In(zone).Format(time.DateOnly)+" on with the password that follows, "+keptIn[s.Password.From]+endsOn(s.Expires, now, zone))
	}
	return said
}

// keptIn says where a secret is kept.
var keptIn = map[job.SecretSource]string{
	job.SecretEnv: "from the environment", job.SecretFile: "from a file", job.SecretCredential: "from systemd", job.SecretStored: "kept sealed in the store",
}

// endsOn says when a password ends.
func endsOn(at, now time.Time, zone *time.Location) string {
	switch {
	case at.IsZero():
		return "; nobody said when it ends"
	case !now.Before(at):
		return "; it ended on " + at.In(zone).Format(time.DateOnly)
	}
	return "; it ends on " + at.In(zone).Format(time.DateOnly)
}

// limitsOf says what a connection is held to. What stands between is told to who sees everything.
func limitsOf(c job.Connection, whole bool) []string {
	t := c.Timeouts
	said := []string{
		count(c.MaxConnections, "connection") + " at once, for all jobs of the account",
		fmt.Sprintf("gives up after %s to connect, %s to log in, %s without an answer, %s without a byte", span.Text(t.Connect), span.Text(t.Handshake), span.Text(t.Operation), span.Text(t.Stall)),
	}
	if t.Floor > 0 {
		said = append(said, fmt.Sprintf("and below %s a second over %s", size(t.Floor), span.Text(t.FloorOver)))
	}
	for _, more := range []struct {
		holds bool
		says  string
	}{
		{c.Profile != "", "profile " + c.Profile}, {c.ReadOnce, "each file can be read once"}, {c.Rename != "", "renames by " + string(c.Rename)}, {c.Verify != "", "verifies by " + string(c.Verify)},
		{len(c.AlsoAllow) > 0, "weaker than others: also allows " + strings.Join(c.AlsoAllow, ", ")}, {len(c.DenyNetworks) > 0, "its name may not lead into " + count(len(c.DenyNetworks), "network")},
		{c.TCP4, "IPv4 only"}, {c.Proxy != nil && !whole, "through a proxy"},
	} {
		if more.holds {
			said = append(said, more.says)
		}
	}
	if c.Proxy != nil && whole {
		said = append(said, "through the "+c.Proxy.Type+" proxy "+c.Proxy.Address)
	}
	return said
}

// trustOf says which host keys count.
func trustOf(a Account) string {
	switch {
	case len(a.Pins) == 0:
		return "strict: no key is trusted yet, so nobody logs in"
	case a.Pinned == "configuration":
		return "strict: " + count(len(a.Pins), "key") + " in the configuration, and no other"
	}
	return "strict: " + count(len(a.Pins), "key") + " that somebody trusted, and those that the server announces under them"
}

// jobPolicies puts jobs together that hold to the same.
func jobPolicies(specs []job.Spec) []jobPolicy {
	var said []jobPolicy
	for _, spec := range specs {
		one := jobPolicy{Window: windowOf(spec.Timing), Retry: ladder(spec.Retry), Limits: boundsOf(spec.Limits), Seals: sealsOf(spec)}
		i := slices.IndexFunc(said, func(j jobPolicy) bool {
			return j.Window == one.Window && j.Retry == one.Retry && j.Limits == one.Limits && j.Seals == one.Seals
		})
		if i < 0 {
			i, said = len(said), append(said, one)
		}
		said[i].Names = append(said[i].Names, spec.Name)
	}
	return said
}

// windowOf says when a job may start.
func windowOf(t job.Timing) string {
	if t.Window == nil {
		return "at any time"
	}
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	return clock(t.Window.From) + "–" + clock(t.Window.To) + " " + zoneName(t.Zone)
}

func zoneName(zone *time.Location) string {
	if zone == nil {
		return "UTC"
	}
	return zone.String()
}

// rungsMost is how many waits of a ladder are told one by one.
const rungsMost = 6

// ladder says how often a job is tried, and how long it waits in between.
func ladder(r job.Retry) string {
	if r.Attempts <= 1 {
		return "once, and not again by itself"
	}
	var waits []string
	wait := r.Backoff
	for i := range r.Attempts - 1 {
		if i == rungsMost {
			waits = append(waits, "…")
			break
		}
		waits = append(waits, span.Text(min(wait, r.MaxBackoff)))
		wait = min(wait*2, r.MaxBackoff)
	}
	return count(r.Attempts, "attempt") + ": again after about " + strings.Join(waits, ", ")
}

// boundsOf says what a run may take.
func boundsOf(l job.Limits) string {
	files := "any number of files"
	if l.MaxFiles > 0 {
		files = count(l.MaxFiles, "file")
	}
	return fmt.Sprintf("%s a run, %s, %s a file; %s stay free", span.Text(l.Timeout), files, size(l.MaxFileSize), size(l.MinFreeSpace))
}

// mailed says whether a contact is an address that mail can be written to; it may be a name or a number.
func mailed(contact string) bool {
	at, err := mail.ParseAddress(contact)
	return err == nil && at.Name == "" && at.Address == contact
}

// sealsOf says what is done with PGP.
func sealsOf(spec job.Spec) string {
	switch {
	case spec.Import != nil && spec.Import.Opening != nil:
		text := "opened with " + strings.Join(spec.Import.Opening.DecryptWith, ", ")
		if by := spec.Import.Opening.SignedBy; len(by) > 0 {
			text += ", signed by " + strings.Join(by, " or ")
		}
		return text + "; others are rejected"
	case spec.Export != nil && spec.Export.Sealing != nil:
		text := "encrypted to " + strings.Join(spec.Export.Sealing.EncryptTo, ", ")
		if with := spec.Export.Sealing.SignWith; with != "" {
			text += ", signed with " + with
		}
		return text
	case spec.Import != nil:
		return "taken as they come"
	}
	return "sent as they are"
}
