package page

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/haulier/haulier/job"
)

// waiting are files of a supervised job that wait for a person.
type waiting struct {
	Files      []job.File
	Total      int
	Supervised string // how far the job has come
}

// waitingOf are the files of a job that wait.
func waitingOf(s Standing) waiting {
	return waiting{Files: s.Waits, Total: s.Waiting, Supervised: s.Supervised}
}

// Says tells how many wait, and how far the job has come.
func (w waiting) Says() string {
	text := count(w.Total, "file") + " wait for approval"
	if w.Total == 1 {
		text = "1 file waits for approval"
	}
	if w.Supervised != "" {
		text += ": " + w.Supervised
	}
	return text
}

// More is how many wait beyond those that are shown.
func (w waiting) More() int { return max(0, w.Total-len(w.Files)) }

// first are as many of them as fit beside other things.
func (w waiting) first(most int) waiting {
	w.Files = w.Files[:min(len(w.Files), most)]
	return w
}

// supervised says whether a failure is none: the job holds a file for a person to look at.
func supervised(reason *job.Reason) bool { return reason != nil && reason.Slug == job.SlugSupervised }

// waitsIn finds a file among those that wait, as it is now.
func waitsIn(files []job.File, id int64) *job.File {
	if i := slices.IndexFunc(files, func(f job.File) bool { return f.ID == id }); i >= 0 {
		return &files[i]
	}
	return nil
}

// wholeHash is a sha256 as pages show and forms send it.
var wholeHash = regexp.MustCompile(`^[0-9a-f]{64}$`)

// seenHash is the hash that stood on the page beside the button: nobody decides about bytes that they were not shown.
func seenHash(r *http.Request) (string, error) {
	hash := r.PostFormValue("sha256")
	if !wholeHash.MatchString(hash) {
		return "", badRequest{errors.New("the form does not say the sha256 of what was looked at")}
	}
	return hash, nil
}

func (p *pages) approve(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	hash, err := seenHash(r)
	if err != nil {
		return flash{}, err
	}
	f, err := p.Looker.ApproveFile(unhurried(r), id, hash, by(r))
	return flash{Done: fmt.Sprintf("File %d is approved, sha256 %.8s…. The next run of %s goes on with it.", id, hash, f.Job)}, err
}

func (p *pages) reject(r *http.Request) (flash, error) {
	id, err := idOf(r)
	if err != nil {
		return flash{}, err
	}
	hash, err := seenHash(r)
	if err != nil {
		return flash{}, err
	}
	why, err := whyOf(r, "a rejection")
	if err != nil {
		return flash{}, err
	}
	_, err = p.Looker.RejectFile(unhurried(r), id, hash, why, by(r))
	return flash{Done: fmt.Sprintf("File %d is rejected: %s", id, why)}, err
}
