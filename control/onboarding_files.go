package control

import (
	"cmp"
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
	needed := map[string]*sheet.Folder{}
	for _, spec := range specs {
		if spec.Import != nil {
			needImport(needed, spec.Import)
		}
		if spec.Export != nil {
			needExport(needed, c, spec.Export)
		}
	}
	var folders []sheet.Folder
	for _, folder := range needed {
		slices.SortFunc(folder.Rights, func(a, b sheet.Right) int { return slices.Index(everyRight, a) - slices.Index(everyRight, b) })
		folders = append(folders, *folder)
	}
	slices.SortFunc(folders, func(a, b sheet.Folder) int { return strings.Compare(a.Path, b.Path) })
	return folders
}

// need notes that files want rights in a folder. What is deleted there is ours alone until somebody needs it for more.
func need(folders map[string]*sheet.Folder, path, files string, ours bool, rights ...sheet.Right) {
	folder := folders[path]
	if folder == nil {
		folder = &sheet.Folder{Path: path}
		folders[path] = folder
	}
	had := slices.Contains(folder.Rights, sheet.MayRemove)
	if slices.Contains(rights, sheet.MayRemove) {
		folder.Ours = ours && (folder.Ours || !had)
	}
	folder.For = appendNew(folder.For, files)
	for _, right := range rights {
		if !slices.Contains(folder.Rights, right) {
			folder.Rights = append(folder.Rights, right)
		}
	}
}

// needImport: what moves or deletes a source renames it aside in its own folder first.
func needImport(folders map[string]*sheet.Folder, i *job.Import) {
	name := forPeople(i.Match, i.MatchRegex)
	need(folders, i.Dir, name, false, sheet.MayList, sheet.MayRead)
	switch i.AfterSuccess.Action {
	case job.RetireMove:
		need(folders, i.Dir, name, false, sheet.MayRename)
		need(folders, i.AfterSuccess.Dir, name, false, sheet.MayList, sheet.MayInto)
	case job.RetireDelete:
		need(folders, i.Dir, name, false, sheet.MayRename, sheet.MayRemove)
	}
	if i.Claim {
		need(folders, i.Dir, name, false, sheet.MayRename)
	}
}

// needExport: a server that takes uploads only is asked nothing else; elsewhere what was delivered is looked at, and a temporary
// of ours is removed if an upload was cut off.
func needExport(folders map[string]*sheet.Folder, c job.Connection, e *job.Export) {
	name := sent(e)
	need(folders, e.Dir, name, true, sheet.MayWrite)
	if c.Profile == "put-only" {
		return
	}
	need(folders, e.Dir, name, true, sheet.MayList)
	if !e.InPlace {
		need(folders, e.Dir, name, true, sheet.MayRename, sheet.MayRemove)
	}
	if e.Verify == job.VerifyReadback {
		need(folders, e.Dir, name, true, sheet.MayRead)
	}
}

// addFiles says what one job carries.
func addFiles(f *sheet.Facts, c job.Connection, spec job.Spec) {
	files := sheet.Files{Job: spec.Name, Zone: spec.Timing.Zone.String()}
	files.Days, files.By = expected(spec.Expect)
	if i := spec.Import; i != nil {
		f.Incoming = append(f.Incoming, fetched(files, i))
	}
	if e := spec.Export; e != nil {
		f.Outgoing = append(f.Outgoing, delivered(files, c, e))
	}
}

func fetched(f sheet.Files, i *job.Import) sheet.Files {
	f.Folder, f.Name, f.Regexp = i.Dir, forPeople(i.Match, i.MatchRegex), i.Match == ""
	f.Ignored, f.Still, f.Marker = i.Ignore, i.StableFor, named(i.DoneFile, i.Match)
	switch i.AfterSuccess.Action {
	case job.RetireMove:
		f.After, f.Target = sheet.MayRename, i.AfterSuccess.Dir
	case job.RetireDelete:
		f.After = sheet.MayRemove
	}
	return f
}

func delivered(f sheet.Files, c job.Connection, e *job.Export) sheet.Files {
	f.Folder, f.Name, f.Regexp = e.Dir, sent(e), false
	f.Marker = named(e.Marker, f.Name) // a done-file is named by what it belongs to
	if !e.InPlace && c.Profile != "put-only" && e.Rename != job.RenameNone {
		f.Suffix = e.PartialSuffix
	}
	f.Taken = map[job.IfExists]sheet.Taken{job.ExistsReplace: sheet.TakenReplaces, job.ExistsWait: sheet.TakenWaits}[e.IfExists]
	if f.Taken == "" {
		f.Taken = sheet.TakenStops
	}
	return f
}

// expected says on which days and by when files are to be there; no day: on every day; no time: nothing was agreed.
func expected(e *job.Expect) (days []time.Weekday, by string) {
	if e == nil {
		return nil, ""
	}
	for day := range time.Weekday(7) {
		if e.Days[day] {
			days = append(days, day)
		}
	}
	return days, fmt.Sprintf("%02d:%02d", e.By/60, e.By%60)
}

// sent is the form of the names that an export delivers.
func sent(e *job.Export) string { return named(e.Name, e.Match) }

// named is the form of the names that a template makes of those that match; where a regular expression matches, NAME stands for them.
func named(template, match string) string {
	if template == "" {
		return ""
	}
	match = cmp.Or(forPeople(match, ""), "NAME")
	stem, ext := match, ""
	if dot := strings.LastIndexByte(match, '.'); dot > 0 {
		stem, ext = match[:dot], match[dot+1:]
	}
	return forPeople(strings.NewReplacer("{name}", match, "{stem}", stem, "{ext}", ext, "{run}", "N", "{seq}", "N").Replace(template), "")
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
