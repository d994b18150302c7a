package access

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Routes are those of the logins.
func (g *Gate) Routes() []route.Route {
	routes := []route.Route{
		{Method: "GET", Path: "/login", Role: route.Nobody, Summary: "The page of the login", Handler: g.showLogin},
		{Method: "POST", Path: "/login", Role: route.Nobody, Summary: "Log in with user and password", Handler: g.login},
		{Method: "POST", Path: "/logout", Role: route.Viewer, Summary: "End the session", Handler: g.logout},
	}
	if g.provider != nil {
		routes = append(routes,
			route.Route{Method: "GET", Path: "/login/oidc", Role: route.Nobody, Summary: "Go to the provider to log in", Handler: g.goToProvider},
			route.Route{Method: "GET", Path: "/login/oidc/callback", Role: route.Nobody, Summary: "Come back from the provider", Handler: g.comeBack})
	}
	return routes
}

func (g *Gate) showLogin(w http.ResponseWriter, r *http.Request) {
	g.page(w, http.StatusOK, view{Login: true, To: local(r.URL.Query().Get("to"))})
}

// UserName is what names of users look like.
var UserName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{0,63}$`)

// login looks at a user and a password.
func (g *Gate) login(w http.ResponseWriter, r *http.Request) {
	v := view{Login: true, User: strings.ToLower(strings.TrimSpace(r.PostFormValue("user"))), To: local(r.PostFormValue("to"))}
	err := g.enter(w, r, v.User, r.PostFormValue("password"))
	if err == nil {
		http.Redirect(w, r, v.To, http.StatusSeeOther)
		return
	}
	answer := refusalOf(err)
	if answer.status == http.StatusUnauthorized {
		g.tellRefused(r, v.User)
	}
	if !wantsPage(r) || answer.status >= http.StatusInternalServerError {
		g.refuse(w, r, err)
		return
	}
	v.User, v.Reason = clean(v.User), &answer.Reason
	g.retryAfter(w, answer)
	g.page(w, answer.status, v)
}

// enter begins a session if user and password are right. Whether there is such a user makes no difference to what it costs
// and to what is answered.
func (g *Gate) enter(w http.ResponseWriter, r *http.Request, name, password string) error {
	if unsourced(r) {
		return crossSite()
	}
	account := name
	if !UserName.MatchString(name) {
		account = "?" // nobody's: counted together, whatever was typed
	}
	ctx := r.Context()
	if wait, err := g.Store.TryLogin(ctx, account, counted(g.client(r))); err != nil || wait > 0 {
		return errors.Join(err, loginWait(wait))
	}
	done, err := g.hashes.turn(ctx) // who has to wait takes nobody's turn
	if err != nil {
		return tooManyLogins()
	}
	defer done()
	user, hash, err := g.Store.User(ctx, account)
	unknown := errors.Is(err, job.ErrNotFound)
	if err != nil && !unknown {
		return err
	}
	if unknown || len(password) > PasswordMost {
		hash, password = g.hashes.nobody, ""
	}
	same, err := g.hashes.matches(hash, []byte(password))
	if err != nil {
		return err
	}
	if !same {
		return loginRefused()
	}
	err = g.begin(w, r, job.Login{User: user.Name, From: job.LoginLocal, Role: user.Role, Sight: user.Sight}, hash)
	if errors.Is(err, job.ErrStale) || errors.Is(err, job.ErrNotFound) { // changed, or gone, while it was looked at
		return loginRefused()
	}
	return err
}

func loginRefused() error {
	return refused(http.StatusUnauthorized, "access.login_refused", "user or password is not right", "try again; haulier users password NAME sets another")
}

func loginWait(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	r := refused(http.StatusTooManyRequests, "access.login_wait", "too many logins were refused lately: the account or the address has to wait",
		"wait as long as Retry-After says; haulier users password NAME, on the machine, ends the wait")
	r.wait = wait
	return r
}

func tooManyLogins() error {
	r := refused(http.StatusServiceUnavailable, "access.busy", "too many people log in at this moment", "try again")
	r.wait = time.Second
	return r
}

// logout ends the session, here and in the browser.
func (g *Gate) logout(w http.ResponseWriter, r *http.Request) {
	if key, found := g.cookie(r, sessionCookie); found {
		who := route.Of(r.Context()).Name
		ctx := context.WithoutCancel(r.Context())
		if err := g.Store.EndSession(ctx, hashOf(key), who); err != nil {
			g.refuse(w, r, err)
			return
		}
	}
	g.setCookie(w, sessionCookie, "", -1)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
