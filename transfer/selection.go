package transfer

import (
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// selection says which names of a listing a job is about.
type selection struct {
	pattern naming.Pattern
	match   naming.Matcher
	ignore  []naming.Ignored
	marker  *naming.Template // of the done-file; nil: none
	at      time.Time
}

func newSelection(match, expression string, ignore []string, doneFile string, lookBack time.Duration, at time.Time) (selection, error) {
	s := selection{at: at}
	pattern, err := naming.ParsePattern(match)
	if expression != "" {
		pattern, err = naming.ParseRegexp(expression)
	}
	if err != nil {
		return s, err
	}
	s.pattern = pattern
	if s.match, err = pattern.Matcher(at, lookBack); err != nil {
		return s, err
	}
	for _, glob := range ignore {
		pattern, err := naming.ParsePattern(glob)
		if err != nil {
			return s, err
		}
		matcher, err := pattern.Matcher(at, lookBack)
		if err != nil {
			return s, err
		}
		s.ignore = append(s.ignore, naming.Ignored{Glob: glob, Matcher: matcher})
	}
	if doneFile != "" {
		marker, err := naming.ParseTemplate(doneFile)
		if err != nil {
			return s, err
		}
		s.marker = &marker
	}
	return s, nil
}

// wants says whether a listed name is one of the job's files.
func (s selection) wants(entry job.Entry) bool {
	if entry.Kind != job.KindFile && entry.Kind != job.KindUnknown {
		return false
	}
	for _, ignored := range s.ignore {
		if ignored.Matcher.Match(entry.Name) {
			return false
		}
	}
	return s.match.Match(entry.Name)
}

// markerOf is the name of the file's done-file; empty when none is asked for.
func (s selection) markerOf(name string) string {
	if s.marker == nil {
		return ""
	}
	return s.marker.Render(naming.Values{Name: name, At: s.at})
}

// version is what a done-file is held against.
type version struct {
	again bool      // its path had another one before
	at    int64     // its time; 0: not told
	since time.Time // when it was first seen to be as it is
}

func asVersion(f job.File) version { return version{f.Generation > 1, f.ModTime, f.StableSince} }

// unsureFor is how long a file must be quiet whose done-file may be that of a version before, where stable_for does not say.
var unsureFor = job.StableFor

// unmarked says why a file is not taken yet that a done-file is asked for, and when to look again. Where a path had a version
// before, its done-file may lie there still: it counts for this one if it is as new.
func (r *frame) unmarked(name string, v version, among *nameSet) (why string, left time.Duration) {
	marker := r.sources.markerOf(name)
	if marker == "" {
		return "", 0
	}
	at, found := among.time(marker)
	quiet := pick(r.stableFor, unsureFor) - time.Since(v.since)
	switch {
	case !found:
		return "its done-file is not there", r.stableFor
	case !v.again:
		return "", 0
	case at == 0 || v.at == 0:
		if quiet > 0 {
			return "the server does not tell whether its done-file is as new; taken when it is quiet", quiet
		}
	case at < v.at:
		return "its done-file is older than it, of a version before", r.stableFor
	}
	return "", 0
}
