package page

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// overviewed is what the first page shows.
type overviewed struct {
	Attend  []attended
	More    int // incidents beyond those
	Loud    int // incidents of something that failed; the others only wait for a person
	Calm    int
	Counts  []wordCount
	Running []Standing
	Night   night
	Last24  Stats
	Next    []Standing
	Jobs    int
}

// attended is an incident with what can be done about it.
type attended struct {
	job.Incident
	About      string         // job or connection that it is about
	Job        string         // if it is about one
	Connection string         // that it is about, or that of its job
	Sheet      string         // the connection whose customer filled something in
	Expected   bool           // something did not come in time
	Run        int64          // a run to look at; 0: none
	Retry      bool           // that run may be done again
	Doubt      bool           // files are in doubt, which somebody decides
	Waits      *waiting       // for a person's look, which is nothing that failed; nil: it did
	With       []job.Incident // what is late or missing for that
	Told       bool           // cause and next step stand open, so that nobody has to click for them
}

// First is the job that runs next; nil: none does.
func (o overviewed) First() *Standing {
	if len(o.Next) == 0 {
		return nil
	}
	return &o.Next[0]
}

type wordCount struct {
	Word Word
	N    int
}

const (
	attendMost  = 20
	toldMost    = 3 // a long list is looked over before one of it is read
	runningMost = 12
	nextMost    = 5
	nightMost   = 40
)

func (p *pages) overview(r *http.Request) (view, error) {
	ctx, plan := r.Context(), p.House.Plan()
	specs := seenJobs(ctx, plan)
	standings, err := p.House.Standings(ctx, jobNames(specs))
	if err != nil {
		return view{}, err
	}
	open, err := p.Care.Incidents(ctx, route.Of(ctx).Sight)
	if err != nil {
		return view{}, err
	}
	o := overviewed{Jobs: len(specs), Counts: countWords(standings), Running: running(standings), Next: soonest(standings)}
	o.Attend, o.More = attend(plan, open, standings)
	for i := range min(len(o.Attend), toldMost) {
		o.Attend[i].Told = o.Attend[i].Waits == nil
	}
	alone, _ := apart(open)
	for _, incident := range alone {
		if supervised(&incident.Reason) {
			o.Calm++
		}
	}
	o.Loud = len(alone) - o.Calm
	if o.Night, err = p.night(ctx, r.URL.Query().Get("from"), specs, standings); err != nil {
		return view{}, err
	}
	o.Last24, err = p.Figures.Stats(ctx, "", 0, plan.Zone, route.Of(ctx).Sight)
	return view{Title: "Overview", Section: "overview", Body: "overview", Regions: []string{"attention", "atwork", "strip", "figures", "upnext"}, Data: o}, err
}

// attend puts the incidents first that were opened last, those that only wait for a look last, and says what each is about.
func attend(plan Plan, open []job.Incident, standings []Standing) (list []attended, more int) {
	byJob := map[string]Standing{}
	for _, s := range standings {
		byJob[s.Job] = s
	}
	connections := map[string]string{}
	for _, spec := range plan.Jobs {
		connections[spec.Name] = spec.Connection
	}
	alone, with := apart(open)
	for _, incident := range loudFirst(alone) {
		if len(list) == attendMost {
			return list, len(alone) - attendMost
		}
		a := attendedOf(incident, byJob, connections)
		a.With = with[incident.ID]
		list = append(list, a)
	}
	return list, 0
}

// apart gives the incidents that stand by themselves, and what is late or missing because of them, as people are told of it. What only
// waits for a look is nothing that failed, and takes nothing with it.
func apart(open []job.Incident) (alone []job.Incident, with map[int64][]job.Incident) {
	there := map[int64]bool{}
	for _, i := range open {
		there[i.ID] = !supervised(&i.Reason)
	}
	with = map[int64][]job.Incident{}
	for _, i := range open {
		if there[i.CoveredBy] {
			with[i.CoveredBy] = append(with[i.CoveredBy], i)
			continue
		}
		alone = append(alone, i)
	}
	return alone, with
}

func loudFirst(open []job.Incident) []job.Incident {
	ordered := slices.Clone(open)
	calm := func(i job.Incident) int {
		if supervised(&i.Reason) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(ordered, func(a, b job.Incident) int { return calm(a) - calm(b) })
	return ordered
}

// waitsBeside is how many files that wait are shown of one incident.
const waitsBeside = 5

func attendedOf(incident job.Incident, standings map[string]Standing, connections map[string]string) attended {
	a := attended{Incident: incident}
	kind, rest, _ := strings.Cut(incident.Cause, "/")
	a.About, _, _ = strings.Cut(rest, "/")
	switch kind {
	case "connection":
		a.Connection = a.About
	case "job":
		a.Job, a.Connection = a.About, connections[a.About]
	case "sheet":
		a.Sheet = a.About
	default: // what is behind it has no page of its own
		a.About, _, _ = strings.Cut(rest, "/"+incident.Reason.Slug)
	}
	a.Expected = strings.HasPrefix(incident.Reason.Slug, "expect.")
	if supervised(&incident.Reason) {
		waits := waitingOf(standings[a.Job]).first(waitsBeside)
		a.Waits = &waits
	}
	for _, name := range append([]string{a.About}, incident.Jobs...) {
		if s, found := standings[name]; found && s.LastRun != 0 {
			a.Run, a.Retry = s.LastRun, s.Run == 0 && !a.Expected && a.Waits == nil
			if stop, found := s.Stopped[incident.Reason.Slug]; found && a.Waits == nil { // later runs knew of nothing new
				a.Run, a.Doubt, a.Retry = stop.Run, stop.Held, a.Retry && !stop.Held
			}
			break
		}
	}
	return a
}

// Words are how jobs stand, as they are counted: what needs somebody first.
var Words = []Word{WordMissing, WordLate, WordFailing, WordCutOff, WordHeld, WordRejected, WordApprove, WordRunning, WordPaused, WordDraft, WordNew, WordDisabled, WordOK}

func countWords(standings []Standing) []wordCount {
	n := map[Word]int{}
	for _, s := range standings {
		n[s.Word]++
	}
	var counts []wordCount
	for _, word := range Words {
		if n[word] > 0 {
			counts = append(counts, wordCount{word, n[word]})
		}
	}
	return counts
}

func running(standings []Standing) []Standing {
	var list []Standing
	for _, s := range standings {
		if s.Run != 0 && len(list) < runningMost {
			list = append(list, s)
		}
	}
	return list
}

// soonest are the jobs that run next.
func soonest(standings []Standing) []Standing {
	var list []Standing
	for _, s := range standings {
		if !s.Next.IsZero() && s.Word != WordPaused && s.Word != WordDisabled && s.Word != WordDraft {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b Standing) int { return a.Next.Compare(b.Next) })
	return list[:min(len(list), nextMost)]
}

// The night strip: six hours in quarters.
const (
	frameHours = 6
	cells      = frameHours * 4
)

// night is what was due and what ran in six hours, job by job.
type night struct {
	From, To    time.Time
	Label       string // tonight, this morning, Tue 00:00
	Earlier     string // value of from, of the frame before
	Later       string
	Current     bool // the frame that is now
	Hours       []string
	Strips      []strip
	Left        int // jobs beyond those
	CurrentCell int // of now; -1: not in this frame
}

type strip struct {
	Job   string
	Word  Word
	Cells []cell
}

// cell is a quarter of an hour of a job.
type cell struct {
	Word string // empty: nothing
	Run  int64  // the last one with this word
	Says string
}

const frameForm = "2006-01-02T15"

func (p *pages) night(ctx context.Context, from string, specs []job.Spec, standings []Standing) (night, error) {
	zone, now := p.House.Plan().Zone, p.Clock()
	n := frameOf(from, now, zone)
	ordered := troubleFirst(specs, standings)
	n.Left = max(0, len(ordered)-nightMost)
	ordered = ordered[:min(len(ordered), nightMost)]
	names := make([]string, len(ordered))
	for i, s := range ordered {
		names[i] = s.Job
	}
	marks, err := p.Ledger.Marks(ctx, names, n.From, n.To, marksMost)
	if err != nil {
		return n, err
	}
	byJob := map[string][]Mark{}
	for _, m := range marks {
		byJob[m.Job] = append(byJob[m.Job], m)
	}
	specOf := map[string]job.Spec{}
	for _, spec := range specs {
		specOf[spec.Name] = spec
	}
	for _, s := range ordered {
		all := append(byJob[s.Job], p.ahead(specOf[s.Job], s, n, now)...)
		n.Strips = append(n.Strips, strip{Job: s.Job, Word: s.Word, Cells: cellsOf(all, n, zone)})
	}
	return n, nil
}

// marksMost is how many marks of one job a frame has.
const marksMost = 400

// ahead are the times of a job that still come in a frame.
func (p *pages) ahead(spec job.Spec, s Standing, n night, now time.Time) []Mark {
	if s.Word == WordPaused || s.Word == WordDisabled || s.Word == WordDraft || !now.Before(n.To) {
		return nil
	}
	after := now
	if after.Before(n.From) {
		after = n.From.Add(-time.Second)
	}
	next, err := p.House.Next(spec, after, cells)
	if err != nil {
		return nil // the strip goes without what is to come; the job's page says why
	}
	var marks []Mark
	for _, u := range next {
		if u.Due.Before(n.To) {
			marks = append(marks, Mark{Job: spec.Name, At: u.Due, Word: "expected"})
		}
	}
	return marks
}

// frameOf is the six hours that begin at a wall time, or those of now.
func frameOf(from string, now time.Time, zone *time.Location) night {
	local := now.In(zone)
	current := time.Date(local.Year(), local.Month(), local.Day(), local.Hour()/frameHours*frameHours, 0, 0, 0, zone)
	begin, err := time.ParseInLocation(frameForm, from, zone)
	if err != nil {
		begin = current
	}
	begin = time.Date(begin.Year(), begin.Month(), begin.Day(), begin.Hour()/frameHours*frameHours, 0, 0, 0, zone)
	hour := func(h int) time.Time {
		return time.Date(begin.Year(), begin.Month(), begin.Day(), begin.Hour()+h, 0, 0, 0, zone)
	}
	n := night{From: begin, To: hour(frameHours), Earlier: hour(-frameHours).Format(frameForm), Later: hour(frameHours).Format(frameForm), Current: begin.Equal(current), CurrentCell: -1}
	n.Label = frameLabel(begin, local)
	for h := range frameHours {
		n.Hours = append(n.Hours, hour(h).Format("15"))
	}
	if n.Current {
		n.CurrentCell = int(now.Sub(begin) / (15 * time.Minute))
	}
	return n
}

func frameLabel(begin, now time.Time) string {
	part := map[int]string{0: "night", 6: "morning", 12: "afternoon", 18: "evening"}[begin.Hour()]
	if begin.Format(time.DateOnly) != now.Format(time.DateOnly) {
		return begin.Format("Mon 2 Jan") + ", " + part
	}
	if part == "night" {
		return "tonight"
	}
	return "this " + part
}

// weight orders jobs: those with trouble first.
func weight(w Word) int {
	for i, word := range []Word{WordMissing, WordLate, WordFailing, WordCutOff, WordHeld, WordRejected, WordApprove, WordRunning, WordOK, WordNew, WordPaused, WordDraft, WordDisabled} {
		if w == word {
			return i
		}
	}
	return len(Words)
}

// troubleFirst orders the jobs of a strip. Jobs that are well keep the order of the configuration.
func troubleFirst(specs []job.Spec, standings []Standing) []Standing {
	byJob := map[string]Standing{}
	for _, s := range standings {
		byJob[s.Job] = s
	}
	var list []Standing
	for _, spec := range specs {
		if spec.Timing.Cron != "" || spec.Timing.After != "" || byJob[spec.Name].LastRun != 0 {
			list = append(list, byJob[spec.Name])
		}
	}
	slices.SortStableFunc(list, func(a, b Standing) int { return trouble(a.Word) - trouble(b.Word) })
	return list
}

func trouble(w Word) int {
	if n := weight(w); n < weight(WordRunning) {
		return n
	}
	return weight(WordRunning)
}

// strength says which of two marks in one quarter is shown.
var strength = map[string]int{
	"failed": 9, "missed": 8, "late": 8, "partial": 7, "interrupted": 6, "running": 5, "cancelled": 4, "succeeded": 3, "skipped": 2, "queued": 2, "coalesced": 1, "due": 1, "expected": 1,
}

func cellsOf(marks []Mark, n night, zone *time.Location) []cell {
	row := make([]cell, cells)
	counts := make([]map[string]int, cells)
	for _, m := range marks {
		i := int(m.At.Sub(n.From) / (15 * time.Minute))
		if i < 0 || i >= cells || m.At.Before(n.From) {
			continue
		}
		if counts[i] == nil {
			counts[i] = map[string]int{}
		}
		counts[i][m.Word]++
		if strength[m.Word] >= strength[row[i].Word] {
			row[i].Word, row[i].Run = m.Word, m.Run
			row[i].Says = m.At.In(zone).Format(clockForm) + " " + m.Word
			if m.Why != "" {
				row[i].Says += ": " + printable(m.Why, nameMost)
			}
		}
	}
	for i := range row {
		if total := sum(counts[i]); total > 1 {
			row[i].Says += "; " + count(total, "mark") + " in this quarter"
		}
	}
	return row
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
