package control

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
)

// everyRight is the order in which rights are told.
var everyRight = []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayWrite, sheet.MayRename, sheet.MayRemove, sheet.MayInto}

// foldersOf says which rights the jobs need in which folder, and no more: that is what customers ask about first.
func foldersOf(c job.Connection, specs []job.Spec) []sheet.Folder {
	needed := map[string][]sheet.Right{}
	need := func(path string, rights ...sheet.Right) {
		for _, right := range rights {
			if !slices.Contains(needed[path], right) {
				needed[path] = append(needed[path], right)
			}
		}
	}
	for _, spec := range specs {
		if spec.Import != nil {
			needImport(need, spec.Import)
		}
		if spec.Export != nil {
			needExport(need, c, spec.Export)
		}
	}
	var folders []sheet.Folder
	for path, rights := range needed {
		slices.SortFunc(rights, func(a, b sheet.Right) int { return slices.Index(everyRight, a) - slices.Index(everyRight, b) })
		folders = append(folders, sheet.Folder{Path: path, Rights: rights})
	}
	slices.SortFunc(folders, func(a, b sheet.Folder) int { return strings.Compare(a.Path, b.Path) })
	return folders
}

// needImport: what moves or deletes a source renames it aside in its own folder first.
func needImport(need func(string, ...sheet.Right), i *job.Import) {
	need(i.Dir, sheet.MayList, sheet.MayRead)
	switch i.AfterSuccess.Action {
	case job.RetireMove:
		need(i.Dir, sheet.MayRename)
		need(i.AfterSuccess.Dir, sheet.MayList, sheet.MayInto)
	case job.RetireDelete:
		need(i.Dir, sheet.MayRename, sheet.MayRemove)
	}
}

// needExport: a server that takes uploads only is asked nothing else; elsewhere what was delivered is looked at, and a temporary
// of ours is removed if an upload was cut off.
func needExport(need func(string, ...sheet.Right), c job.Connection, e *job.Export) {
	need(e.Dir, sheet.MayWrite)
	if c.Profile == "put-only" {
		return
	}
	need(e.Dir, sheet.MayList)
	if !e.InPlace {
		need(e.Dir, sheet.MayRename, sheet.MayRemove)
	}
	if e.Verify == job.VerifyReadback {
		need(e.Dir, sheet.MayRead)
	}
}

// addFiles says what one job carries.
func addFiles(f *sheet.Facts, c job.Connection, spec job.Spec) {
	if i := spec.Import; i != nil {
		files := sheet.Files{Job: spec.Name, Folder: i.Dir, Name: forPeople(i.Match, i.MatchRegex), Zone: spec.Timing.Zone.String(), Marker: forPeople(i.DoneFile, "")}
		switch i.AfterSuccess.Action {
		case job.RetireMove:
			files.After, files.Target = sheet.MayRename, i.AfterSuccess.Dir
		case job.RetireDelete:
			files.After = sheet.MayRemove
		}
		files.Days, files.By = expected(spec.Expect)
		f.Incoming = append(f.Incoming, files)
	}
	if e := spec.Export; e != nil {
		files := sheet.Files{Job: spec.Name, Folder: e.Dir, Name: sent(e), Zone: spec.Timing.Zone.String(), Marker: forPeople(e.Marker, "")}
		files.Days, files.By = expected(spec.Expect)
		f.Outgoing = append(f.Outgoing, files)
		if !e.InPlace && c.Profile != "put-only" && e.Rename != job.RenameNone {
			f.Suffix = e.PartialSuffix
		}
	}
}

// expected says on which days and by when files are to be there; empty: nothing was agreed, or every day.
func expected(e *job.Expect) (days, by string) {
	if e == nil {
		return "", ""
	}
	by = fmt.Sprintf("%02d:%02d", e.By/60, e.By%60)
	var named []string
	for day := range 7 {
		if weekday := time.Weekday((day + 1) % 7); e.Days[weekday] { // from Monday on
			named = append(named, weekday.String()[:3])
		}
	}
	switch {
	case len(named) == 7:
		return "", by
	case slices.Equal(named, []string{"Mon", "Tue", "Wed", "Thu", "Fri"}):
		return "Mon–Fri", by
	}
	return strings.Join(named, ", "), by
}

// sent is the form of the names that an export delivers.
func sent(e *job.Export) string {
	match := forPeople(e.Match, e.MatchRegex)
	stem, ext := match, ""
	if dot := strings.LastIndexByte(match, '.'); dot > 0 {
		stem, ext = match[:dot], match[dot+1:]
	}
	name := strings.NewReplacer("{name}", match, "{stem}", stem, "{ext}", ext, "{run}", "N", "{seq}", "N").Replace(e.Name)
	return forPeople(name, "")
}

// dates are the tokens of dates as people write them.
var dates = strings.NewReplacer("%Y", "YYYY", "%m", "MM", "%d", "DD", "%H", "HH", "%M", "MM", "%S", "SS", "%y", "YY", "%j", "DDD", "%G", "YYYY", "%V", "WW")

// forPeople writes a pattern as people do: customers_YYYYMMDD*.csv. A regular expression stays what it is.
func forPeople(pattern, expression string) string {
	if pattern == "" {
		return expression
	}
	var b strings.Builder
	for pattern != "" {
		before, rest, found := strings.Cut(pattern, "{date")
		b.WriteString(before)
		if !found {
			break
		}
		token, after, closed := strings.Cut(rest, "}")
		_, form, formed := strings.Cut(token, ":")
		if !closed || !formed {
			b.WriteString("{date" + rest)
			break
		}
		b.WriteString(dates.Replace(form))
		pattern = after
	}
	return b.String()
}
