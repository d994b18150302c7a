package page

import (
	"encoding/base64"
	"encoding/json"
	"net/http"

	"github.com/haulier/haulier/job"
)

// flash is what an act came to, told once on the next page.
type flash struct {
	Done   string      `json:"done,omitempty"`   // a sentence
	Link   string      `json:"link,omitempty"`   // a path to look at it
	Label  string      `json:"label,omitempty"`  // of the link
	Reason *job.Reason `json:"reason,omitempty"` // why nothing was done
}

const (
	flashCookie = "haulier_flash"
	// flashText bounds one text of a failure: all of it has to fit into a cookie.
	flashText = 480
)

// leaveFlash keeps a flash for the next page.
func leaveFlash(w http.ResponseWriter, r *http.Request, f flash) {
	if f.Reason != nil {
		short := *f.Reason
		short.Technical = ""
		for _, text := range []*string{&short.What, &short.Cause, &short.Do} {
			*text = printable(*text, flashText)
		}
		f.Reason = &short
	}
	text, err := json.Marshal(f)
	if err != nil {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: flashCookie, Value: base64.RawURLEncoding.EncodeToString(text), Path: "/", MaxAge: 60, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
	})
}

// takeFlash gives the flash that was left, and ends it. What a browser made up harms nobody but who looks at it.
func takeFlash(w http.ResponseWriter, r *http.Request) *flash {
	cookie, err := r.Cookie(flashCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: flashCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	f := new(flash)
	if err != nil || json.Unmarshal(text, f) != nil {
		return nil
	}
	if f.Link != "" && (f.Link[0] != '/' || len(f.Link) > 1 && f.Link[1] == '/') {
		f.Link = ""
	}
	return f
}
