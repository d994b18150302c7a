package transfer

import (
	"hash/maphash"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

// selection says which names of a listing a job is about.
type selection struct {
	match  naming.Matcher
	ignore []naming.Matcher
	marker *naming.Template // of the done-file; nil: none
	at     time.Time
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
		s.ignore = append(s.ignore, matcher)
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
		if ignored.Match(entry.Name) {
			return false
		}
	}
	return s.match.Match(entry.Name)
}

// marked says whether the file's done-file is among the names; true when none is asked for.
func (s selection) marked(name string, among nameSet) bool {
	return s.marker == nil || among.has(s.marker.Render(naming.Values{Name: name, At: s.at}))
}

// nameSet remembers the names of a listing in eight bytes each. Two names of one hash make an absent file look
// present until the next run, which hashes with another seed.
type nameSet struct {
	seed   maphash.Seed
	hashes map[uint64]struct{}
}

func newNameSet() nameSet {
	return nameSet{seed: maphash.MakeSeed(), hashes: make(map[uint64]struct{})}
}

func (n nameSet) add(name string)      { n.hashes[maphash.String(n.seed, name)] = struct{}{} }
func (n nameSet) has(name string) bool { _, ok := n.hashes[maphash.String(n.seed, name)]; return ok }
