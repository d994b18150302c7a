package page

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Sheets makes the onboarding sheets of connections.
type Sheets interface {
	// Languages are those that a sheet can be in, the first for who asks for none.
	Languages() []string
	// Style is the style sheet of a sheet, for screen and paper.
	Style() string
	// Sheet gives the body of a sheet.
	Sheet(ctx context.Context, connection, language string) (template.HTML, error)
	// Link makes a link for people without a login, and gives the token in it, which is not kept.
	Link(ctx context.Context, connection, language string, until time.Time, by string) (token string, err error)
	// Code draws the address of a link, for people with a phone.
	Code(address string) (template.HTML, error)
	// Follow gives the sheet of a link: in the language asked for, else in that of the link or of the connection, else in the one that
	// is accepted. job.ErrNotFound for a link that never was, or has ended.
	Follow(ctx context.Context, token, asked, accepted string) (body template.HTML, language string, err error)
	// Answer takes what was filled in on the page of a link, which is read if the link is good, and gives that page anew with its status:
	// it says what is wrong if nothing was taken.
	Answer(ctx context.Context, token, asked, accepted string, read func() (url.Values, error)) (body template.HTML, language string, status int, err error)
	// Say gives a text of what is around a sheet: ended, failed, each with .ask, and language.
	Say(language, name string) string
}

// Hears tells what customers filled in.
type Hears interface {
	// Heard gives what came first and last by each link to the sheet of a connection.
	Heard(ctx context.Context, connection string) (Heard, error)
	// Answers gives a part of all that came, the latest first: with before only what has a lower number.
	Answers(ctx context.Context, connection string, before int64, limit int) ([]Answers, error)
	// Handle records that somebody has dealt with it, up to the answer of a number.
	Handle(ctx context.Context, connection string, last int64, by string) error
}

// Heard is what came by the links to a sheet.
type Heard struct {
	Waits int64         // the incident that it is to be dealt with; 0: it is not
	Last  int64         // the number of the last answer; 0: there is none
	Links []HeardByLink // the one that was used last first
}

// HeardByLink is what came by one link.
type HeardByLink struct {
	Times int
	Last  Answers
	First *Answers // nil: the last is the first
}

// Answers are what a customer filled in at one time.
type Answers struct {
	ID       int64
	At       time.Time
	Language string
	By       string    // who made the link
	Made     time.Time // and when
	Fields   []Answer
}

// Answer is one thing that a customer filled in, text from outside, beside what we have of it.
type Answer struct {
	Name, Label, Value string
	Ours               string // empty: nothing to compare with
	Same               bool
}

// handout is a sheet as it is looked at.
type handout struct {
	Connection string
	Body       template.HTML
	Language   string
	Languages  []string
	Heard      Heard
	Say        func(language, name string) string
	Failed     bool  // nothing can be shown
	Lasts      []int // days that a link may last
}

// linkDays are how long a link to a sheet may last.
var linkDays = []int{7, 14, 30, 90}

// handedOut shows the sheet of a connection to somebody with a login.
func (p *pages) handedOut(r *http.Request) (view, error) {
	c, found := p.House.Plan().Connections[r.PathValue("name")]
	if !found || !sees(r.Context(), p.House.Plan(), c.Name) {
		return view{}, errUnseen
	}
	h := handout{Connection: c.Name, Language: p.language(r.URL.Query().Get("lang"), c.Language), Languages: p.Sheets.Languages(), Lasts: linkDays}
	var err error
	if h.Body, err = p.Sheets.Sheet(r.Context(), c.Name, h.Language); err != nil {
		return view{}, err
	}
	h.Heard, err = p.Hears.Heard(r.Context(), c.Name)
	return view{Title: "Onboarding sheet of " + c.Name, Section: "connections", Body: "handout", Handout: true, Data: h}, err
}

// language is the first of those asked for that there is.
func (p *pages) language(asked ...string) string {
	all := p.Sheets.Languages()
	for _, language := range asked {
		if slices.Contains(all, language) {
			return language
		}
	}
	return all[0]
}

// linkSheet makes a link for the customer.
func (p *pages) linkSheet(r *http.Request) (flash, error) {
	name, days := r.PathValue("name"), 0
	if _, err := fmt.Sscan(r.PostFormValue("days"), &days); err != nil || !slices.Contains(linkDays, days) {
		return flash{}, badRequest{fmt.Errorf("a link lasts %v days", linkDays)}
	}
	public := p.House.Plan().Public
	if public == nil {
		return flash{}, noPublicURL()
	}
	until := p.Clock().AddDate(0, 0, days)
	token, err := p.Sheets.Link(unhurried(r), name, p.language(r.PostFormValue("language")), until, by(r))
	if err != nil {
		return flash{}, err
	}
	address := public.JoinPath("sheet", token).String()
	drawn, err := p.Sheets.Code(address)
	return flash{
		Code: drawn, Done: fmt.Sprintf("This link shows the sheet of %s without a login until %s. Copy it now: it is not shown again.", name, until.UTC().Format("2006-01-02 15:04 UTC")),
		Link: address, Label: address,
	}, err
}

// noPublicURL keeps links from being made that nobody outside could follow: the name by which we are asked now may be one that only we have.
func noPublicURL() error {
	return &job.Reason{
		Slug: "access.no_public_url", What: "no link was made", Cause: "web.public_url does not say under which address customers reach these pages",
		Do: "set web.public_url in the configuration, and start the daemon again; or send the sheet itself: haulier onboarding CONNECTION --format mail", Who: job.WhoUs,
	}
}

var tokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// followLink shows a sheet to whoever has its link.
func (p *pages) followLink(w http.ResponseWriter, r *http.Request) {
	p.loose(w, r, func(token, asked, accepted string) (template.HTML, string, int, error) {
		body, language, err := p.Sheets.Follow(r.Context(), token, asked, accepted)
		return body, language, http.StatusOK, err
	})
}

// answerLink takes what whoever has a link fills in. The token is in the address, which no other site knows; what another site lets
// a browser send is refused before it comes here.
func (p *pages) answerLink(w http.ResponseWriter, r *http.Request) {
	p.loose(w, r, func(token, asked, accepted string) (template.HTML, string, int, error) {
		return p.Sheets.Answer(r.Context(), token, asked, accepted, func() (url.Values, error) {
			r.Body = http.MaxBytesReader(w, r.Body, answerMost)
			err := r.ParseForm()
			return r.PostForm, err
		})
	})
}

// answerMost bounds what a customer may send, in bytes: all fields full of signs that are six or nine bytes on their way.
const answerMost = 256 << 10

// loose answers with a page for people without a login. A link that has ended reads like one that never was, and what goes wrong here
// is told without what it is.
func (p *pages) loose(w http.ResponseWriter, r *http.Request, of func(token, asked, accepted string) (template.HTML, string, int, error)) {
	token, asked := r.PathValue("token"), r.URL.Query().Get("lang")
	all := p.Sheets.Languages()
	if !slices.Contains(all, asked) {
		asked = ""
	}
	browser := accepted(r, all)
	body, language, status, err := template.HTML(""), "", 0, error(job.ErrNotFound)
	if tokenForm.MatchString(token) {
		body, language, status, err = of(token, asked, browser)
	}
	shown := handout{Body: body, Language: language, Languages: all, Say: p.Sheets.Say}
	if err != nil {
		if status = statusOf(err); status != http.StatusNotFound {
			status, shown.Failed = http.StatusServiceUnavailable, true
		}
		shown.Body, shown.Language = "", p.language(asked, browser)
	}
	var out bytes.Buffer
	if err := p.looks.ExecuteTemplate(&out, "loose", shown); err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("X-Robots-Tag", "noindex")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // who asked may be gone
}

// handouts are the routes of sheets; none where nobody makes them.
func (p *pages) handouts() []route.Route {
	if p.Sheets == nil {
		return nil
	}
	list := []route.Route{
		{Method: http.MethodGet, Path: "/sheet/{token}", Role: route.Nobody, Summary: "page: an onboarding sheet, for who has its link", Handler: p.followLink},
		{Method: http.MethodPost, Path: "/sheet/{token}", Role: route.Nobody, Summary: "form: what a customer tells us of their server", Body: answerMost, Handler: p.answerLink},
	}
	for _, s := range []screen{
		{"/connections/{name}/sheet", route.ScopeConnection, "the onboarding sheet of a connection", p.handedOut},
		{"/connections/{name}/sheet/answers", route.ScopeConnection, "all that a customer filled in", p.answers},
	} {
		list = append(list, route.Route{Method: http.MethodGet, Path: s.path, Role: route.Viewer, Scope: s.scope, Summary: "page: " + s.says, Handler: p.show(s)})
	}
	for _, a := range []act{
		{"/connections/{name}/sheet/link", route.Operator, route.ScopeConnection, "make a link to a sheet", p.linkSheet},
		{"/connections/{name}/sheet/handled", route.Operator, route.ScopeConnection, "end the wait of what a customer filled in", p.handled},
	} {
		list = append(list, route.Route{Method: http.MethodPost, Path: a.path, Role: a.role, Scope: a.scope, Summary: "form: " + a.says, Handler: p.perform(a)})
	}
	return list
}
