package main

// ofPages are the lines that keep pages from showing what is not for who looks, and from running what others wrote.
func ofPages() []mutant {
	own := func(run string) tests { return tests{"web/page", run} }
	return []mutant{
		{
			name: "page-sight-run", holds: "the run of another is not shown by its number, nor live",
			cuts: []cut{{"web/page/run.go", "\tif err == nil && !sees(ctx, plan, run.Connection) {\n\t\terr = errUnseen\n\t}\n", ""}},
			by:   own("TestSight"),
		},
		{
			name: "page-sight-jobs", holds: "a list shows the jobs of who looks",
			cuts: []cut{{"web/page/page.go", "\t\tif sees(ctx, plan, spec.Connection) {\n\t\t\tseen = append(seen, spec)\n\t\t}\n", "\t\tseen = append(seen, spec)\n"}},
			by:   own("TestSight"),
		},
		{
			name: "page-back", holds: "a form leads back to these pages only",
			cuts: []cut{{"web/page/theme.go", ` || strings.HasPrefix(back, "//")`, ""}},
			by:   own("TestBackStaysHere"),
		},
		{
			name: "page-flash", holds: "what an act came to is told to who asked, and to nobody who has the cookie of another",
			cuts: []cut{{"web/page/flash.go", " || l.whose != whose", ""}},
			by:   own("TestFlashIsForWhoAsked"),
		},
		{
			name: "page-printable", holds: "what cannot be seen in a name is shown as what it is",
			cuts: []cut{{"web/page/text.go", "case unicode.IsPrint(r):", "case !unicode.IsControl(r) || r > 0:"}},
			by:   own("TestNamesOfOthersAreText"),
		},
		{
			name: "page-decide-whose", holds: "a file of another is neither shown nor asked about",
			cuts: []cut{{"web/page/decide.go", "\tif err == nil && !sees(ctx, plan, f.Connection) {\n\t\terr = errUnseen\n\t}\n", ""}},
			by:   own("TestDecisionsAreKeptFromWhoMayNot"),
		},
		{
			name: "page-decide-about", holds: "a decision on a page is about the doubt that it showed",
			cuts: []cut{{"web/page/decide.go", `About: r.PostFormValue("about"), `, ""}},
			by:   tests{"cmd/haulier", "TestPagesDecideAboutTheDoubtThatWasSeen"},
		},
		{
			name: "page-inside", holds: "what went wrong inside is on no page",
			cuts: []cut{{"web/page/page.go", "route.Inside(p.Log, r, reason.What, err)", `&job.Reason{Slug: "api.failed", What: reason.What, Cause: err.Error()}`}},
			by:   own("TestWhatGoesWrongInsideIsOnNoPage"),
		},
		{
			name: "page-seen", holds: "nobody decides on a page about bytes that it did not show",
			cuts: []cut{{"web/page/supervised.go", "if !wholeHash.MatchString(hash) {", "if false {"}},
			by:   own("TestLooksAreOfWhatWasShown"),
		},
		{
			name: "page-reject-seen", holds: "a rejection on a page is of the bytes that it showed, too",
			cuts: []cut{{"control/daemon.go", "Look{SHA256: sha256, Who: by, Why: why}", "Look{Who: by, Why: why}"}},
			by:   tests{"cmd/haulier", "TestPagesApproveWhatWasSeen"},
		},
	}
}
