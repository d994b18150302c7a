package access

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// refusal is an answer to somebody who may not.
type refusal struct {
	status int
	wait   time.Duration // until it is worth asking again
	job.Reason
}

// Error gives the failure in one line.
func (r *refusal) Error() string { return r.Reason.Error() }

func refused(status int, slug, cause, do string) *refusal {
	return &refusal{status: status, Reason: job.Reason{Slug: slug, What: "nothing was done or shown", Cause: cause, Do: do, Who: job.WhoUs}}
}

func wantsLogin() error {
	return refused(http.StatusUnauthorized, "access.login_needed", "nobody has logged in, or the session is over",
		"log in; programs send a token: Authorization: Bearer hlr_…")
}

func badToken() error {
	return refused(http.StatusUnauthorized, "access.token_refused", "the token is not known, or was revoked",
		"haulier tokens list shows which there are; haulier tokens create NAME makes one")
}

func tokenExpired(t job.Token) error {
	return refused(http.StatusUnauthorized, "access.token_expired", fmt.Sprintf("the token %q has expired at %s", t.Name, t.Expires.UTC().Format(time.RFC3339)),
		"haulier tokens create NAME makes another")
}

func wantsRole(has, needed route.Role) error {
	return refused(http.StatusForbidden, "access.role", fmt.Sprintf("it wants the role %s, and you are %s", needed, has),
		fmt.Sprintf("ask somebody who is %s", needed))
}

func wantsWhole() error {
	return refused(http.StatusForbidden, "access.whole", "it concerns the data of everybody, and you see that of some entities only",
		"ask somebody who sees everything")
}

func noRole(name string) error {
	return refused(http.StatusForbidden, "access.no_role", fmt.Sprintf("%q has logged in, and no group of theirs has a role here", name),
		"map a group of theirs under web.oidc.roles or web.proxy.roles")
}

func twoUsers(header string) error {
	return refused(http.StatusForbidden, "access.two_users", fmt.Sprintf("the proxy sent the header %s more than once, and which of them is its own nobody knows", header),
		"have the proxy set its headers of user, roles and entities in place of what was sent to it, not beside it")
}

func wrongHost() error {
	return refused(http.StatusMisdirectedRequest, "access.host", "the request names a host that is not this one",
		"ask by the name in web.public_url, by localhost or by address")
}

func pastTheProxy() error {
	return refused(http.StatusForbidden, "access.past_proxy", "the request came past the proxy, without TLS", "ask by the name in web.public_url")
}

func crossSite() error {
	return refused(http.StatusForbidden, "access.cross_site", "the request was begun by another site, or does not say by which",
		"ask from a page of haulier; programs send a token instead of a cookie")
}

func tooMany(wait time.Duration) error {
	r := refused(http.StatusTooManyRequests, "access.too_many", "there were too many requests at once", "wait, then ask less often")
	r.wait = wait
	return r
}

// refusalOf makes any error an answer.
func refusalOf(err error) *refusal {
	var r *refusal
	var reason *job.Reason
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, job.ErrNotFound):
		return refused(http.StatusNotFound, "api.not_found", "there is nothing of that name or number, or it is not yours to see", "ask what there is: GET /api/v1/overview, haulier history")
	case errors.As(err, &reason):
		own := *reason
		own.Technical = "" // it is about this machine, and in its log
		return &refusal{status: http.StatusServiceUnavailable, Reason: own}
	}
	return refused(http.StatusInternalServerError, "api.failed", "the request could not be looked at", "look into the log of the daemon, and ask haulier doctor")
}

// refuse answers an error: a page to a browser, a problem to a program. Who is not logged in is led to where that is done.
func (g *Gate) refuse(w http.ResponseWriter, r *http.Request, err error) {
	answer := refusalOf(err)
	switch {
	case answer.Slug == "api.failed":
		answer.Reason = *route.Inside(g.Log, r, answer.What, err)
	case answer.status >= http.StatusInternalServerError:
		g.Log.Error("a request was not answered", "path", r.URL.Path, "error", err)
	}
	g.retryAfter(w, answer)
	switch page := wantsPage(r); {
	case page && answer.Slug == "access.login_needed" && r.Method == http.MethodGet:
		http.Redirect(w, r, "/login?"+url.Values{"to": {r.URL.RequestURI()}}.Encode(), http.StatusSeeOther)
	case page:
		g.page(w, answer.status, view{Reason: &answer.Reason})
	default:
		if answer.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		route.ProblemOf(answer.status, answer.Reason).Send(w)
	}
}

// wantsPage says that a person in a browser looks at the answer.
func wantsPage(r *http.Request) bool {
	return !strings.HasPrefix(r.URL.Path, "/api/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// local is a place of ours to go on to after a login; anything else becomes the first page.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
