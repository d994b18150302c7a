package access

import (
	"bytes"
	"html/template"
	"net/http"

	"github.com/haulier/haulier/job"
)

// view is what the page of the login shows.
type view struct {
	Login  bool        // with a form
	OIDC   bool        // with a way to the provider
	User   string      // as typed
	To     string      // where to go on
	Reason *job.Reason // why not
}

var loginPage = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{if .Login}}Log in · Haulier{{else}}Haulier{{end}}</title>
<link rel="stylesheet" href="/assets/page.css">
</head>
<body class="login">
<main>
<h1>Haulier</h1>
{{with .Reason}}<section class="card bad" role="alert">
<p><strong>{{.Cause}}</strong> [{{.Slug}}]</p>
<p>{{.Do}}</p>
</section>
{{end}}{{if .Login}}{{if .OIDC}}<p><a class="btn primary" href="/login/oidc?to={{.To}}">Log in with your organisation</a></p>
{{end}}<form method="post" action="/login">
<p><label for="user">User</label> <input id="user" name="user" value="{{.User}}" autocomplete="username" autocapitalize="none" spellcheck="false" required></p>
<p><label for="password">Password</label> <input id="password" name="password" type="password" autocomplete="current-password" required></p>
<input type="hidden" name="to" value="{{.To}}">
<p><button class="btn primary" type="submit">Log in</button></p>
</form>
<p>Users are made on the machine: <code>haulier users add NAME</code></p>
{{else}}<p><a href="/">Go on</a></p>
{{end}}</main>
</body>
</html>
`))

// page renders a page whole before the first byte of it is sent.
func (g *Gate) page(w http.ResponseWriter, status int, v view) {
	v.OIDC = g.provider != nil
	var body bytes.Buffer
	if err := loginPage.Execute(&body, v); err != nil {
		http.Error(w, "the page cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}
