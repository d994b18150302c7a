package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

const down, own = "connection/acme/net.timeout", "job/acme-in/content.columns"

// raise lets a cause strike a job by itself.
func (b bundle) raise(t *testing.T, cause, jobName string, at time.Time) bool {
	t.Helper()
	return must[bool](t)(b.Raise(t.Context(), cause, jobName, job.Reason{Slug: "net.timeout", What: "a", Who: job.WhoNetwork}, at))
}

func (b bundle) open(t *testing.T) []job.Incident {
	t.Helper()
	return must[[]job.Incident](t)(b.OpenIncidents(t.Context()))
}

// tell lets the clock stand at a time and gives what was said then.
func (b bundle) tell(t *testing.T, at time.Time) (said []string) {
	t.Helper()
	ids, _, err := b.IncidentsDue(t.Context(), at, 0)
	ok(t, err)
	for _, id := range ids {
		what, err := b.TellIncident(t.Context(), id, at, func(job.Incident) store.Manner { return store.Manner{RemindEvery: 12 * time.Hour} })
		ok(t, err)
		if what != "" {
			said = append(said, what)
		}
	}
	return said
}

func incidentsAreOneACause(t *testing.T, b bundle) {
	same(t, "opened", []bool{b.raise(t, down, "acme-in", due(1)), b.raise(t, down, "acme-out", due(2)), b.raise(t, down, "acme-in", due(3)), b.raise(t, own, "acme-in", due(4))},
		[]bool{true, false, false, true})
	open := b.open(t)
	same(t, "first", open[0], job.Incident{ID: open[0].ID, Cause: down, Kind: job.AlertFailed, Severity: job.SeverityError, Connection: "acme",
		Jobs: []string{"acme-in", "acme-out"}, JobsTotal: 2, Count: 3,
		Reason: job.Reason{Slug: "net.timeout", What: "a", Who: job.WhoNetwork}, Opened: due(1), Last: due(3)})

	ok(t, b.ResolveJob(t.Context(), "acme-in", due(5)))
	open = b.open(t)
	same(t, "open while one job is not well", []any{len(open), open[0].Cause, open[0].Jobs}, []any{1, down, []string{"acme-out"}})
	ok(t, b.ResolveJob(t.Context(), "bystander", due(5)))
	same(t, "open", len(b.open(t)), 1)
	ok(t, b.ResolveJob(t.Context(), "acme-out", due(6)))
	same(t, "open", len(b.open(t)), 0)
	same(t, "opened again", b.raise(t, down, "acme-in", due(7)), true)
	ok(t, b.Resolve(t.Context(), down, due(8)))
	ok(t, b.Resolve(t.Context(), "connection/none/x", due(8)))
	past := must[[]job.Incident](t)(b.Incidents(t.Context(), due(6)))
	same(t, "past", []any{len(past), past[0].Resolved, past[1].Jobs}, []any{2, due(8), []string{"acme-in", "acme-out"}})
	same(t, "told of what was over before anybody knew", b.tell(t, due(9)), nil)
	same(t, "events", b.eventTypes(t), []string{})
}

func incidentsAreToldOnce(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv"}))
	b.raise(t, down, "acme-in", due(1))
	same(t, "told at once", b.tell(t, due(1)), nil)
	b.raise(t, down, "acme-out", due(1).Add(time.Second))
	at := due(1).Add(job.GatherFor)
	same(t, "told", b.tell(t, at), []string{"opened"})
	same(t, "told again", b.tell(t, at), nil)
	b.raise(t, down, "third", at.Add(time.Minute))
	same(t, "told of one more job", b.tell(t, due(12)), nil)
	same(t, "reminded", b.tell(t, at.Add(12*time.Hour)), []string{"reminded"})
	ok(t, b.ResolveConnection(t.Context(), "acme", "", due(14)))
	same(t, "over", b.tell(t, due(14)), []string{"resolved"})
	same(t, "over again", b.tell(t, due(23)), nil)
	same(t, "events", b.eventTypes(t), []string{"alert.opened", "alert.reminded", "alert.resolved"})

	type told struct {
		Cause      string   `json:"cause_key"`
		Kind       string   `json:"kind"`
		Severity   string   `json:"severity"`
		Connection string   `json:"connection"`
		Entity     string   `json:"entity"`
		Jobs       []string `json:"jobs"`
		Count      int      `json:"count"`
		Opened     string   `json:"opened"`
		Told       string   `json:"told"`
		Resolved   string   `json:"resolved"`
		Age        int64    `json:"age_seconds"`
		Since      *struct {
			Strikes int
			Joined  []string
		}
	}
	var got []told
	for _, e := range must[[]job.Event](t)(b.Events(t.Context(), 0, 0)) {
		var one told
		ok(t, json.Unmarshal(e.Data, &one))
		got = append(got, one)
	}
	first := told{Cause: down, Kind: "failed", Severity: "error", Connection: "acme", Entity: "acme-nv", Jobs: []string{"acme-in", "acme-out"}, Count: 2,
		Opened: due(1).Format(time.RFC3339), Told: at.Format(time.RFC3339), Age: 30}
	same(t, "alert.opened", got[0], first)
	same(t, "alert.reminded", []any{got[1].Since.Strikes, got[1].Since.Joined, got[1].Age}, []any{1, []string{"third"}, int64(12*3600 + 30)})
	same(t, "alert.resolved", []any{got[2].Jobs, got[2].Resolved, got[2].Age}, []any{[]string{"acme-in", "acme-out", "third"}, due(14).Format(time.RFC3339), int64(13 * 3600)})
}

// Attempts that belong together are one failure, and people are told at the failure that they asked for.
func incidentsWaitForTheirThreshold(t *testing.T, b bundle) {
	strike := func(chain int64, after int, at, until time.Time) {
		t.Helper()
		must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: down, Job: "acme-in", Reason: job.Reason{Slug: "net.timeout"}, At: at, Chain: chain, After: after, Until: until}))
	}
	strike(1, 1, due(1), due(2))
	strike(1, 1, due(1).Add(time.Minute), due(2))
	same(t, "told while attempts are left", b.tell(t, due(2)), nil)
	same(t, "told when none has come", b.tell(t, due(2).Add(job.GatherFor)), []string{"opened"})
	ok(t, b.ResolveJob(t.Context(), "acme-in", due(3)))
	same(t, "over", b.tell(t, due(3)), []string{"resolved"})

	strike(2, 1, due(5), due(9))
	strike(3, 1, due(6), due(9))
	same(t, "told when another began", b.tell(t, due(6).Add(job.GatherFor)), []string{"opened"})
	ok(t, b.ResolveJob(t.Context(), "acme-in", due(7)))

	strike(4, 3, due(10), time.Time{})
	strike(5, 3, due(11), due(12))
	strike(5, 3, due(11), time.Time{})
	same(t, "told at the second failure of three", b.tell(t, due(15)), []string{"resolved"})
	strike(6, 3, due(16), time.Time{})
	same(t, "told at the third", b.tell(t, due(16).Add(job.GatherFor)), []string{"opened"})

	must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: own, Job: "acme-in", At: due(1), Deadline: due(20)}))
	must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: own, Job: "acme-in", At: due(2), Deadline: due(20)}))
	same(t, "told before the deadline", b.tell(t, due(19)), nil)
	same(t, "told at the deadline", b.tell(t, due(20).Add(job.GatherFor)), []string{"opened"})
}

func incidentsThatFlapGoOn(t *testing.T, b bundle) {
	b.raise(t, down, "acme-in", due(1))
	same(t, "told", b.tell(t, due(2)), []string{"opened"})
	ok(t, b.Resolve(t.Context(), down, due(3)))
	same(t, "over", b.tell(t, due(3)), []string{"resolved"})
	at := due(3).Add(job.FlapFor)
	same(t, "begun anew", b.raise(t, down, "acme-in", at), true)
	same(t, "told that it came back", b.tell(t, at.Add(job.GatherFor)), []string{"reminded"})
	ok(t, b.Resolve(t.Context(), down, due(4)))
	b.raise(t, down, "acme-in", due(4).Add(time.Minute))
	ok(t, b.Resolve(t.Context(), down, due(4).Add(2*time.Minute)))
	same(t, "told while it comes and goes", b.tell(t, due(4).Add(job.FlapFor)), nil)
	same(t, "over when it has stayed over", b.tell(t, due(5)), []string{"resolved"})
	same(t, "incidents", len(must[[]job.Incident](t)(b.Incidents(t.Context(), time.Time{}))), 1)
	b.raise(t, down, "acme-in", due(6))
	past := must[[]job.Incident](t)(b.Incidents(t.Context(), time.Time{}))
	same(t, "incidents long after", []any{len(past), past[0].Reopened, past[1].Reopened}, []any{2, 0, 2})
}

func peopleQuietenIncidents(t *testing.T, b bundle) {
	b.raise(t, down, "acme-in", due(1))
	id := b.open(t)[0].ID
	same(t, "told", b.tell(t, due(2)), []string{"opened"})
	i := must[job.Incident](t)(b.SilenceIncident(t.Context(), id, "ann", "works until six", due(18), due(3)))
	same(t, "silenced", []any{i.SilencedUntil, i.SilencedBy, i.SilenceReason}, []any{due(18), "ann", "works until six"})
	same(t, "told in silence", b.tell(t, due(17)), nil)
	same(t, "told behind it", b.tell(t, due(18)), []string{"reminded"})
	must[job.Incident](t)(b.SilenceIncident(t.Context(), id, "ann", "again", due(100), due(19)))
	same(t, "told in silence", b.tell(t, due(40)), nil)
	must[job.Incident](t)(b.UnsilenceIncident(t.Context(), id, "bob", due(41)))
	same(t, "told when the silence is lifted", b.tell(t, due(41)), []string{"reminded"})
	i = must[job.Incident](t)(b.AckIncident(t.Context(), id, "bob", "calling them", due(42)))
	same(t, "taken on", []any{i.Acked, i.AckedBy, i.AckNote}, []any{due(42), "bob", "calling them"})
	same(t, "reminded of what is taken on", b.tell(t, due(200)), nil)
	ok(t, b.Resolve(t.Context(), down, due(201)))
	same(t, "over", b.tell(t, due(201)), []string{"resolved"})
	_, err := b.AckIncident(t.Context(), id, "bob", "", due(202))
	wants(t, err, job.ErrStale)
	_, err = b.AckIncident(t.Context(), id+1, "bob", "", due(202))
	wants(t, err, job.ErrNotFound)

	var acts []string
	for _, l := range must[[]store.AuditLine](t)(b.Audit(t.Context(), 0, 0)) {
		acts = append(acts, l.Who+" "+l.Act)
	}
	same(t, "audit", acts, []string{"bob alert.ack", "bob alert.unsilence", "ann alert.silence", "ann alert.silence"})
}

func incidentsOfWhatIsGoneEnd(t *testing.T, b bundle) {
	b.raise(t, down, "acme-in", due(1))
	b.raise(t, down, "acme-out", due(1))
	b.raise(t, own, "acme-in", due(1))
	b.raise(t, "connection/bank/net.timeout", "bank-in", due(1))
	b.raise(t, "config/config.rejected_on_reload", "", due(1))
	ok(t, b.ResolveGone(t.Context(), []string{"acme-in"}, []string{"bank"}, "ann", due(2)))
	open := b.open(t)
	same(t, "open", []any{len(open), open[0].Jobs, open[1].Kind}, []any{2, []string{"acme-out"}, job.AlertConfig})
	past := must[[]job.Incident](t)(b.FindIncidents(t.Context(), store.IncidentQuery{Over: true, Since: due(2), Limit: 1}))
	same(t, "ended by", []any{len(past), past[0].Cause}, []any{1, "config/config.rejected_on_reload"})
	next := must[[]job.Incident](t)(b.FindIncidents(t.Context(), store.IncidentQuery{Over: true, Since: due(2), Before: past[0].ID, Limit: 1}))
	same(t, "ended by", []any{next[0].Cause, next[0].ResolvedBy, next[0].Resolved}, []any{"connection/bank/net.timeout", "ann", due(2)})
}

func incidentsAreSeenByTheirOwn(t *testing.T, b bundle) {
	ok(t, b.MarkConnections(t.Context(), map[string]string{"acme": "acme-nv", "bank": "bank-plc"}))
	must[time.Time](t)(b.Loaded(t.Context(), "bank-in", "bank", due(1)))
	b.raise(t, down, "acme-in", due(1))
	b.raise(t, "job/bank-in/pgp.wrong_key", "bank-in", due(1))
	b.raise(t, "config/config.rejected_on_reload", "", due(1))
	find := func(sight job.Sight) (causes []string) {
		for _, i := range must[[]job.Incident](t)(b.FindIncidents(t.Context(), store.IncidentQuery{Sight: sight})) {
			causes = append(causes, i.Cause)
		}
		return causes
	}
	same(t, "all", len(find(nil)), 3)
	same(t, "of one", find(job.Sight{"bank-plc"}), []string{"job/bank-in/pgp.wrong_key"})
	same(t, "of none", find(job.Sight{}), nil)
	open := b.open(t)
	same(t, "entities", []string{must[string](t)(b.IncidentEntity(t.Context(), open[1].ID)), must[string](t)(b.IncidentEntity(t.Context(), open[2].ID))}, []string{"bank-plc", ""})
	_, err := b.IncidentEntity(t.Context(), 99)
	wants(t, err, job.ErrNotFound)
	same(t, "counts", must[map[job.Severity]int](t)(b.IncidentCounts(t.Context())), map[job.Severity]int{job.SeverityWarning: 0, job.SeverityError: 3})
}

// One that is late turns into one that is missing, without a word that all is well.
func lateBecomesMissing(t *testing.T, b bundle) {
	b.raise(t, "job/acme-in/expect.late", "acme-in", due(1))
	same(t, "kind", []any{b.open(t)[0].Kind, b.open(t)[0].Severity}, []any{job.AlertLate, job.SeverityWarning})
	same(t, "told", b.tell(t, due(2)), []string{"opened"})
	b.raise(t, "job/acme-in/expect.missing", "acme-in", due(3))
	same(t, "told", b.tell(t, due(4)), []string{"opened"})
	open := b.open(t)
	same(t, "open", []any{len(open), open[0].Kind, open[0].Severity}, []any{1, job.AlertMissing, job.SeverityError})
	ok(t, b.ResolveJob(t.Context(), "acme-in", due(5)))
	same(t, "open behind a run that found nothing", len(b.open(t)), 1)
}

// What is missing on a server that cannot be reached is one message, which says whose deadline has passed.
func aDeadServerExplains(t *testing.T, b bundle) {
	names := []string{"acme-in", "acme-out"}
	for _, name := range names {
		must[time.Time](t)(b.Loaded(t.Context(), name, "acme", due(1)))
		must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: down, Job: name, At: due(1), Deadline: due(30)}))
		b.raise(t, "job/"+name+"/expect.late", name, due(2))
	}
	same(t, "told of what is late", b.tell(t, due(3)), nil)
	for _, name := range names {
		b.raise(t, "job/"+name+"/expect.missing", name, due(4))
	}
	at := due(4).Add(job.GatherFor)
	same(t, "told at once", b.tell(t, at), nil)
	same(t, "told of the server", b.tell(t, at), []string{"opened"})
	var told struct {
		Cause  string `json:"cause_key"`
		Missed []string
	}
	ok(t, json.Unmarshal(must[[]job.Event](t)(b.Events(t.Context(), 0, 0))[0].Data, &told))
	same(t, "event", []any{told.Cause, told.Missed}, []any{down, names})
	same(t, "told again", b.tell(t, due(5)), nil)

	ok(t, b.ResolveJob(t.Context(), "acme-in", due(6)))
	same(t, "told of what is missing all the same", b.tell(t, due(7)), []string{"opened"})
	must[time.Time](t)(b.Loaded(t.Context(), "third", "acme", due(1)))
	must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: down, Job: "third", At: due(8)}))
	b.raise(t, "job/third/expect.missing", "third", due(9))
	same(t, "told by itself", b.tell(t, due(9).Add(job.GatherFor)), nil)
	same(t, "told with the server", b.tell(t, due(9).Add(job.GatherFor)), []string{"reminded"})
}

// A run that passes by what is held has made nothing good; whoever decides about the last of the files has.
func heldFilesKeepTheirIncident(t *testing.T, b bundle) {
	f := b.claimed(t, "/in/a.csv")
	f.Reason = &job.Reason{Slug: "remote.unproven"}
	b.advance(t, f, job.StepDownloaded, job.FileHeld)
	same(t, "why the run holds", len(must2(t, b.HeldBy)(1)), 1)
	const cause = "job/acme-customers/remote.unproven"
	b.raise(t, cause, "acme-customers", due(1))
	ok(t, b.ResolveJob(t.Context(), "acme-customers", due(2)))
	ok(t, b.Settle(t.Context(), "acme-customers", "remote.unproven", "ann", due(2)))
	same(t, "open while it is held", len(b.open(t)), 1)
	held := must[job.File](t)(b.File(t.Context(), f.ID))
	held.State = job.FileSkipped
	must[job.File](t)(b.Decide(t.Context(), job.FileHeld, held, store.AuditLine{Who: "ann", Act: "held.resolve"}))
	ok(t, b.Settle(t.Context(), "acme-customers", "remote.unproven", "ann", due(3)))
	past := must[[]job.Incident](t)(b.Incidents(t.Context(), time.Time{}))
	same(t, "ended by", []any{len(b.open(t)), past[0].ResolvedBy}, []any{0, "ann"})
}

// A store with very many incidents gives lists of a thousand, and finds the connection's among them.
func manyIncidentsAreBounded(t *testing.T, b bundle) {
	ok(t, b.Together(t.Context(), "raise many", func(s *store.Store) error {
		for n := range 10_000 {
			if _, err := s.Raise(t.Context(), fmt.Sprintf("connection/c%d/net.dns", n), fmt.Sprintf("j%d", n), job.Reason{Slug: "net.dns"}, due(1)); err != nil {
				return err
			}
		}
		return nil
	}))
	same(t, "listed", []int{len(b.open(t)), len(must[[]job.Incident](t)(b.FindIncidents(t.Context(), store.IncidentQuery{Limit: 1 << 20})))}, []int{1000, 1000})
	ok(t, b.ResolveConnection(t.Context(), "c9999", "", due(2)))
	same(t, "counted", must[map[job.Severity]int](t)(b.IncidentCounts(t.Context()))[job.SeverityError], 9999)
	ids, _, err := b.IncidentsDue(t.Context(), due(3), 0)
	ok(t, err)
	same(t, "due at once", len(ids), 1000)
}

// A run that was cut off and is done once more is one failure, also where another came between; whether it is among those that
// are counted, its end and theirs say.
func aRunThatIsDoneAgainIsOneFailure(t *testing.T, b bundle) {
	begin := func(r job.Run) job.Run {
		t.Helper()
		r.Job, r.Connection = "acme-in", "acme"
		return must[job.Run](t)(b.BeginRun(t.Context(), r))
	}
	strike := func(cause string, chain int64) {
		t.Helper()
		b.clock.Add(time.Minute)
		must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: cause, Job: "acme-in", Reason: job.Reason{Slug: "net.timeout"}, At: b.clock.Now(), Chain: chain, After: 2}))
	}
	cutOff := begin(job.Run{Trigger: job.TriggerSchedule})
	strike(down, cutOff.ID)
	b.clock.Add(time.Minute)
	cutOff.State = job.RunInterrupted
	ok(t, b.EndRun(t.Context(), cutOff))
	byHand := begin(job.Run{Trigger: job.TriggerManual})
	strike(own, byHand.ID)
	begin(job.Run{Trigger: job.TriggerCatchUp, Attempt: 2, AttemptOf: cutOff.ID})
	later := b.clock.Now().Add(time.Hour)
	strike(own, cutOff.ID)
	same(t, "two runs failed for the one", b.tell(t, later), []string{"opened"})
	strike(down, byHand.ID+1000)
	same(t, "and two for the other", b.tell(t, later), []string{"opened"})
	ok(t, b.ResolveJob(t.Context(), "acme-in", b.clock.Now()))
	b.tell(t, later)
	b.clock.Add(24 * time.Hour)

	again := begin(job.Run{Trigger: job.TriggerSchedule})
	strike(down, again.ID)
	again.State = job.RunInterrupted
	ok(t, b.EndRun(t.Context(), again))
	strike(own, again.ID+2000)
	strike(own, again.ID)
	same(t, "told of a run that struck first", b.tell(t, b.clock.Now().Add(time.Hour)), []string{"opened"})
	must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: down, Job: "acme-in", At: b.clock.Now(), Chain: again.ID + 2000, After: 3}))
	must[bool](t)(b.Strike(t.Context(), job.Strike{Cause: down, Job: "acme-in", At: b.clock.Now(), Chain: again.ID, After: 3}))
	same(t, "told of a run that is done again", b.tell(t, b.clock.Now().Add(2*time.Hour)), nil)
}
