package access

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/route"
)

// deed is what a route that changes something is asked to do with what is alfa's. ID stands for the object, WHO for who asks.
type deed struct {
	api, form string // the body that asks for it
	before    func(*acting) string
	acts      string // the lines that it leaves
	counts    string // what the store holds one more of afterwards, or says 1 to
}

const (
	runsByHand = `SELECT count(*) FROM runs WHERE asked_by = 'WHO' AND cause = 'manual'`
	lineOf     = `SELECT count(*) FROM audit WHERE who = 'WHO' AND act = `
	paused     = `SELECT count(*) FROM pauses WHERE by_whom = 'WHO' AND kind = `
	goes       = `SELECT NOT EXISTS (SELECT 1 FROM pauses WHERE kind = `
	shortly    = "2999-01-01T00:00:00Z"
)

// deeds are by the pattern of the route.
var deeds = map[string]deed{
	"POST /api/v1/jobs/{name}/run":           {api: `{}`, acts: "job.run", counts: runsByHand},
	"POST /jobs/{name}/run":                  {form: "file=", acts: "job.run", counts: runsByHand},
	"POST /api/v1/runs/{id}/retry":           {api: `{}`, acts: "run.retry", counts: runsByHand},
	"POST /runs/{id}/retry":                  {form: "only=", acts: "run.retry", counts: runsByHand},
	"POST /api/v1/runs/{id}/cancel":          {api: `{}`, before: atWork, acts: "run.cancel", counts: `SELECT count(*) FROM runs WHERE id = ID AND state = 'cancelled'`},
	"POST /runs/{id}/cancel":                 {form: "x=", before: atWork, acts: "run.cancel", counts: `SELECT count(*) FROM runs WHERE id = ID AND state = 'cancelled'`},
	"POST /api/v1/jobs/{name}/plan":          {api: `{}`, before: place, acts: "job.plan", counts: lineOf + `'job.plan'`},
	"POST /jobs/{name}/plan":                 {form: "x=", before: place, acts: "job.plan", counts: lineOf + `'job.plan'`},
	"POST /api/v1/jobs/{name}/pause":         {api: `{"reason":"x"}`, acts: "job.pause", counts: paused + `'job'`},
	"POST /jobs/{name}/pause":                {form: "reason=x", acts: "job.pause", counts: paused + `'job'`},
	"POST /api/v1/jobs/{name}/resume":        {api: `{}`, before: pausing("job", "alfa-in"), acts: "job.resume", counts: goes + `'job')`},
	"POST /jobs/{name}/resume":               {form: "x=", before: pausing("job", "alfa-in"), acts: "job.resume", counts: goes + `'job')`},
	"POST /api/v1/jobs/{name}/extend":        {api: `{"until":"IN DAYS","reason":"x"}`, before: expected1, acts: "expect.extend", counts: `SELECT count(*) FROM expectations WHERE extended_by = 'WHO' AND job = 'alfa-in'`},
	"POST /jobs/{name}/extend":               {form: "for=7d&reason=x", before: expected1, acts: "expect.extend", counts: `SELECT count(*) FROM expectations WHERE extended_by = 'WHO' AND job = 'alfa-in'`},
	"POST /api/v1/files/{id}/approve":        {api: `{"by":"x","sha256":"` + looked64 + `"}`, before: waits, acts: "file.approve", counts: `SELECT count(*) FROM approvals WHERE file = ID`},
	"POST /files/{id}/approve":               {form: "sha256=" + looked64, before: waits, acts: "file.approve", counts: `SELECT count(*) FROM approvals WHERE file = ID`},
	"POST /api/v1/files/{id}/reject":         {api: `{"by":"x","reason":"x"}`, before: waits, acts: "file.reject", counts: `SELECT count(*) FROM files WHERE id = ID AND state = 'rejected'`},
	"POST /files/{id}/reject":                {form: "reason=x&sha256=" + looked64, before: waits, acts: "file.reject", counts: `SELECT count(*) FROM files WHERE id = ID AND state = 'rejected'`},
	"POST /api/v1/files/{id}/decision":       {api: `{"as":"drop","reason":"x"}`, before: doubted, acts: "held.resolve", counts: `SELECT count(*) FROM files WHERE id = ID AND state = 'skipped'`},
	"POST /files/{id}/decide":                {form: "as=drop&reason=x&about=remote.permission&fence=0", before: doubted, acts: "held.resolve", counts: `SELECT count(*) FROM files WHERE id = ID AND state = 'skipped'`},
	"POST /jobs/{name}/reconcile":            {form: "as=landed&reason=x&upto=1000000", before: restored, acts: "job.reconcile held.resolve", counts: `SELECT count(*) = 0 FROM files WHERE state = 'held' AND reason LIKE '%ledger.restored%'`},
	"POST /api/v1/jobs/{name}/reconcile":     {api: `{"as":"landed","reason":"x"}`, before: restored, acts: "job.reconcile held.resolve", counts: `SELECT count(*) = 0 FROM files WHERE state = 'held' AND reason LIKE '%ledger.restored%'`},
	"POST /api/v1/files/{id}/outcome":        {api: `{"created":1,"updated":2,"deleted":3,"errored":4}`, before: landed, acts: "file.outcome", counts: `SELECT count(*) FROM file_reports WHERE file = ID AND by_whom = 'WHO'`},
	"POST /api/v1/outbox/{name}":             {api: "a;b", acts: "outbox.put", counts: `SELECT count(*) FROM answered`},
	"POST /api/v1/alerts/{id}/ack":           {api: `{}`, before: raised, acts: "alert.ack", counts: `SELECT count(*) FROM incidents WHERE id = ID AND acked_by = 'WHO'`},
	"POST /alerts/{id}/ack":                  {form: "note=x", before: raised, acts: "alert.ack", counts: `SELECT count(*) FROM incidents WHERE id = ID AND acked_by = 'WHO'`},
	"POST /api/v1/alerts/{id}/silence":       {api: `{"until":"SOON","reason":"x"}`, before: raised, acts: "alert.silence", counts: `SELECT count(*) FROM incidents WHERE id = ID AND silenced_by = 'WHO'`},
	"POST /alerts/{id}/silence":              {form: "for=1h&reason=x", before: raised, acts: "alert.silence", counts: `SELECT count(*) FROM incidents WHERE id = ID AND silenced_by = 'WHO'`},
	"POST /alerts/{id}/unsilence":            {form: "x=", before: silenced, acts: "alert.unsilence", counts: `SELECT silenced_until = 0 FROM incidents WHERE id = ID`},
	"POST /api/v1/config/reload":             {api: `{}`, acts: "config.reload", counts: lineOf + `'config.reload'`},
	"POST /api/v1/deliveries/{id}/redeliver": {api: `{}`, acts: "delivery.redeliver", counts: lineOf + `'delivery.redeliver'`},

	"POST /api/v1/connections/{name}/test":               {api: `{}`, before: place, acts: "connection.test connection.tested", counts: lineOf + `'connection.tested'`},
	"POST /connections/{name}/test":                      {form: "x=", before: place, acts: "connection.test connection.tested", counts: lineOf + `'connection.tested'`},
	"POST /api/v1/connections/{name}/pause":              {api: `{"reason":"x"}`, acts: "connection.pause", counts: paused + `'connection'`},
	"POST /connections/{name}/pause":                     {form: "reason=x", acts: "connection.pause", counts: paused + `'connection'`},
	"POST /api/v1/connections/{name}/resume":             {api: `{}`, before: pausing("connection", "alfa-conn"), acts: "connection.resume", counts: goes + `'connection')`},
	"POST /connections/{name}/resume":                    {form: "x=", before: pausing("connection", "alfa-conn"), acts: "connection.resume", counts: goes + `'connection')`},
	"POST /api/v1/connections/{name}/trust":              {api: `{"fingerprint":"FINGERPRINT"}`, before: stranger, acts: "host-key.look host-key.pin", counts: `SELECT count(*) FROM host_pins WHERE by_whom = 'WHO'`},
	"POST /api/v1/connections/{name}/onboarding":         {api: `{"days":14,"language":"en"}`, acts: "sheet.link", counts: `SELECT count(*) FROM sheet_links WHERE by_whom = 'WHO'`},
	"POST /connections/{name}/sheet/link":                {form: "days=14", acts: "sheet.link", counts: `SELECT count(*) FROM sheet_links WHERE by_whom = 'WHO'`},
	"POST /api/v1/connections/{name}/onboarding/handled": {api: `{"last":LAST}`, before: filledIn, acts: "sheet.handle", counts: `SELECT count(*) FROM incidents WHERE cause LIKE 'sheet/%' AND resolved_by = 'WHO'`},
	"POST /connections/{name}/sheet/handled":             {form: "last=LAST", before: filledIn, acts: "sheet.handle", counts: `SELECT count(*) FROM incidents WHERE cause LIKE 'sheet/%' AND resolved_by = 'WHO'`},
}

// idle are routes that take a body and do nothing to be written down, or are shown elsewhere.
var idle = []string{"POST /login", "POST /logout", "POST /theme", "POST /api/v1/config/check", "POST /sheet/{token}"}

var looked64 = strings.Repeat("a", 64)

func pausing(kind, name string) func(*acting) string {
	return func(a *acting) string {
		a.must(a.beside.Pause(a.t.Context(), job.Pause{Kind: kind, Name: name, Reason: "x", By: "test"}))
		return name
	}
}

// places are connections to be looked at: nobody looks at one all the time.
const places = 10

func place(a *acting) string {
	a.looks++
	return fmt.Sprintf("alfa-place-%d", a.looks%places)
}

// atWork is a run that goes on until somebody cancels it: its server takes connections, and says nothing.
func atWork(a *acting) string {
	if a.refused {
		return a.objects[route.ScopeRun][alfa]
	}
	answer := a.send(a.root, http.MethodPost, "/api/v1/jobs/alfa-slow/run", "application/json", `{}`)
	var id int64
	if _, err := fmt.Sscanf(answer.body, `{"run":%d`, &id); err != nil {
		a.t.Fatalf("no run is at work: %d %s", answer.status, answer.body)
	}
	return fmt.Sprint(id)
}

// row writes a file into the ledger.
func (a *acting) row(state job.State, slug string) string {
	a.made++
	f, err := a.beside.See(a.t.Context(), job.File{
		Job: "alfa-in", Connection: "alfa-conn", Type: job.TypeImport, Path: fmt.Sprintf("/alfa-folder/alfa-%d", a.made), Run: 1, Step: job.StepSeen, State: state, Reason: &job.Reason{Slug: slug, Who: job.WhoUs},
	})
	a.must(err)
	a.exec(`UPDATE files SET plain_sha256 = '` + looked64 + `' WHERE id = ` + fmt.Sprint(f.ID))
	return fmt.Sprint(f.ID)
}

func waits(a *acting) string   { return a.row(job.FileHeld, job.SlugSupervised) }
func doubted(a *acting) string { return a.row(job.FileHeld, "remote.permission") }
func landed(a *acting) string  { return a.row(job.FileLanded, "") }

// restored is a job with a file that a restored ledger holds.
func restored(a *acting) string {
	a.row(job.FileHeld, "ledger.restored")
	return "alfa-in"
}

func raised(a *acting) string {
	a.made++
	cause := fmt.Sprintf("job/alfa-in/remote.made_%d", a.made)
	_, err := a.beside.Raise(a.t.Context(), cause, "alfa-in", job.Reason{Slug: "remote.permission", Who: job.WhoCustomer}, time.Now())
	a.must(err)
	return a.one(`SELECT id FROM incidents WHERE cause = '` + cause + `'`)
}

func silenced(a *acting) string {
	id := raised(a)
	a.exec(`UPDATE incidents SET silenced_until = 4000000000000000, silenced_by = 'test' WHERE id = ` + id)
	return id
}

// expected1 makes the deadline of the job's day one that nobody has moved. Another day may begin meanwhile, for files come in other acts.
func expected1(a *acting) string {
	a.exec(fmt.Sprintf(`UPDATE expectations SET extended_by = '', extended_at = 0, extended_why = '', by_at = %d WHERE job = 'alfa-in'`, time.Now().Add(10*time.Minute).UnixMicro()))
	return "alfa-in"
}

// stranger forgets the host keys of the server that is there.
func stranger(a *acting) string {
	a.exec(`DELETE FROM host_pins`)
	return "alfa-open"
}

// filledIn has a customer fill in what is asked.
func filledIn(a *acting) string {
	a.made++
	hash, now := fmt.Sprintf("%064d", a.made), time.Now()
	a.must(a.beside.AddSheetLink(a.t.Context(), store.SheetLink{Hash: hash, Connection: "alfa-conn", Language: "en", By: "test", Made: now, Expires: now.Add(time.Hour)}))
	filled, err := a.beside.AddSheetAnswer(a.t.Context(), store.FilledIn{
		Link: hash, Language: "en", Answers: map[string]string{"host": fmt.Sprint(a.made)}, At: now, Reason: job.Reason{Slug: "onboarding.answered", Who: job.WhoUs},
	})
	a.must(err)
	a.last = fmt.Sprint(filled.ID)
	return "alfa-conn"
}
