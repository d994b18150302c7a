package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/scheduler"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/web/page"
	"github.com/haulier/haulier/web/route"
)

// pageRoutes plugs the pages into the daemon.
func pageRoutes(at servers) []route.Route {
	return pageRoutesOf(&pageHouse{daemon: at.daemon}, at)
}

func pageRoutesOf(house *pageHouse, at servers) []route.Route {
	d := house.daemon
	books := pageBooks{d.Store}
	return page.Routes(page.Options{
		House: house, Ledger: books, Details: books, Figures: pageFigures{d}, Care: books, Expects: books, Keys: pageKeys{d.Store, d},
		Doer: pageDoer{d, at.turns, house}, Looker: pageLooker{d, house}, Helper: pageHelper{at}, Rows: pageRows{d.Store}, Planner: pagePlanner{at},
		Runbooks: pageRunbooks{d}, Sheets: sheets{d.Config, d.Store, d.Logger}, Hears: pageHears{d.Config, d.Store}, Log: d.Logger,
	})
}

// pageHouse tells the pages what is configured and how it stands.
type pageHouse struct {
	daemon *control.Daemon

	mu     sync.Mutex
	looked time.Time
	last   map[string]page.Standing
}

func (h *pageHouse) Plan() page.Plan {
	cfg := h.daemon.Config()
	return page.Plan{
		Zone: cfg.Timezone, Jobs: cfg.Jobs, Connections: cfg.Connections, Path: cfg.Path, Public: cfg.Web.Public, Revision: h.daemon.Revision(), Started: h.daemon.Started, Version: "haulier " + version,
	}
}

func (h *pageHouse) Next(spec job.Spec, after time.Time, n int) ([]page.Upcoming, error) {
	list, err := scheduler.Next(spec, after, n)
	upcoming := make([]page.Upcoming, len(list))
	for i, u := range list {
		upcoming[i] = page.Upcoming{Due: u.Slot.Due, Starts: u.Starts, Notes: u.Notes}
	}
	return upcoming, err
}

func (h *pageHouse) Watch() (signs <-chan job.Progress, stop func()) { return h.daemon.Hub.Watch(0) }

// Account tells how a connection stands.
func (h *pageHouse) Account(ctx context.Context, c job.Connection) (page.Account, error) {
	details, err := detailsOf(ctx, h.daemon.Config(), h.daemon.Store, c)
	account := page.Account{
		Word: details.State, Pause: details.pause, Breaker: details.breaker, Profile: details.Profile, Pinned: details.Pinned,
		Pins: ownPins(details.Pins, sharedBeyond(h.daemon.Config(), c.Endpoint, route.Of(ctx).Sight)),
	}
	if details.LastSuccess != nil {
		account.LastSuccess = *details.LastSuccess
	}
	return account, err
}

// freshFor is how long one look at all jobs serves everybody who asks: many may look at once.
const freshFor = time.Second

// Standings tells how jobs stand.
func (h *pageHouse) Standings(ctx context.Context, names []string) ([]page.Standing, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last == nil || time.Since(h.looked) > freshFor {
		all, err := lookAll(ctx, h.daemon)
		if err != nil {
			return nil, err
		}
		h.last, h.looked = all, time.Now()
	}
	list := make([]page.Standing, len(names))
	for i, name := range names {
		list[i] = h.last[name]
		list[i].Job = name
		if sign, found := h.daemon.Hub.Latest(name); found && sign.Run == list[i].Run {
			list[i].Progress = &sign
		}
	}
	return list, nil
}

// forget has the next look be a new one: whoever did something sees what became of it.
func (h *pageHouse) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = nil
}

// lookAll tells how all jobs stand, in a few questions to the store, however many they are.
func lookAll(ctx context.Context, d *control.Daemon) (map[string]page.Standing, error) {
	l := looker{ctx: ctx, cfg: d.Config(), store: d.Store}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	lasts, err := d.Store.Lasts(ctx, nil)
	if err != nil {
		return nil, err
	}
	held, err := heldOfAll(ctx, d)
	if err != nil {
		return nil, err
	}
	times := map[string]scheduler.Standing{}
	for _, s := range d.Scheduler.Standings() {
		times[s.Job] = s
	}
	all := make(map[string]page.Standing, len(l.cfg.Jobs))
	for _, spec := range l.cfg.Jobs {
		all[spec.Name] = standingOn(&l, spec, lasts[spec.Name], held[spec.Name], times[spec.Name])
	}
	return all, nil
}

// standingOn tells how a job stands, as status does.
func standingOn(l *looker, spec job.Spec, last store.Last, held heldOfJob, times scheduler.Standing) page.Standing {
	st := standing{Job: spec.Name, Connection: spec.Connection, Standing: standingNew, Held: held.doubts + held.unseen, Unseen: held.unseen, Rejected: l.rejected[spec.Name]}
	shown := page.Standing{Job: spec.Name, Held: held.doubts, Waiting: held.unseen, Waits: held.waits, LastRun: last.Run.ID, LastSuccess: last.Success.Ended, Next: times.Next}
	if last.Success.ID != 0 {
		st.LastSuccess = &last.Success.Ended
	}
	l.failed(&st)
	if st.Failed > 0 {
		shown.Failed, shown.Reason, shown.LastRun = st.Failed, st.Error, st.LastRun
	}
	l.judge(spec, &st)
	judgeUnseen(&st)
	shown.Supervised = strings.TrimPrefix(transfer.Supervision(spec.Supervised, held.approved), "supervised: ")
	shown.Word, shown.Why, shown.Run = page.Word(pageWord(st.Standing)), st.Why, st.Run
	shown.Stopped = held.stopped()
	for _, r := range st.Rejected {
		shown.Stopped[r.Error.Slug] = page.Stop{Run: r.Run}
		shown.Rejected += r.Files
		if shown.Reason == nil {
			shown.Reason = &r.Error
		}
	}
	if st.Since != nil {
		shown.Since = *st.Since
	}
	if st.Until != nil {
		shown.Until = *st.Until
	}
	return shown
}

// pageWord is a standing as pages write it.
func pageWord(word string) string {
	if word == standingFailing {
		return string(page.WordFailing)
	}
	return word
}

// pageDoer does what people ask on pages.
type pageDoer struct {
	*control.Daemon
	turns *turns
	house *pageHouse
}

func (p pageDoer) Pause(ctx context.Context, pause job.Pause) error {
	defer p.house.forget()
	return control.Pause(ctx, p.Store, pause)
}

func (p pageDoer) Resume(ctx context.Context, kind, name, by string) error {
	defer p.house.forget()
	if kind == "job" {
		return control.ResumeJob(ctx, p.Store, name, by)
	}
	c, found := p.Config().Connections[name]
	if !found {
		return noSuchConnection(name)
	}
	if err := p.letsThrough(ctx, c.Endpoint); err != nil {
		return err
	}
	return control.ResumeConnection(ctx, p.Store, c, by)
}

// letsThrough counts the login that a resumed connection makes where the last one was refused, so that nobody locks an account by resuming.
func (p pageDoer) letsThrough(ctx context.Context, e job.Endpoint) error {
	refused, err := p.Store.Breaker(ctx, job.Account{Host: e.Host, Port: e.Port, User: e.User})
	if err != nil || !refused.Open {
		return err
	}
	return p.turns.login(accountOf(e))
}

// pageKeys tell pages of keys, and of what ends when.
type pageKeys struct {
	keysKept
	calendar
}

type (
	keysKept interface {
		Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error)
	}
	calendar interface {
		CredentialCalendar(ctx context.Context, sight job.Sight) ([]job.CalendarEntry, error)
	}
)

// pageHelper looks at servers for pages.
type pageHelper struct{ servers }

func (h pageHelper) Test(ctx context.Context, name, by string) (page.Report, error) {
	report, err := h.test(ctx, name, by)
	shown := page.Report{OK: report.OK, Reason: report.Error}
	for _, s := range report.Stages {
		shown.Stages = append(shown.Stages, page.Stage{Name: s.Name, State: string(s.State), Milliseconds: s.Milliseconds, Detail: s.Detail})
	}
	return shown, err
}
