package main

// ofTheAPI are the lines that have what programs send and fetch be whole, and there once.
func ofTheAPI() []mutant {
	return []mutant{
		{
			name: "put-proof", holds: "a file that appeared in an outbox before a process died is not put there again",
			cuts: []cut{{"control/intake.go", "if errors.Is(err, fs.ErrNotExist) && before {", "if errors.Is(err, fs.ErrNotExist) && before && false {"}},
			by:   tests{"control", "TestAFileIsPutOnceThoughTheProcessDies"},
		},
		{
			name: "put-key", holds: "a key that was used for one file gives no answer for another",
			cuts: []cut{{"control/intake.go", "if same != asked(put) {", "if same != asked(put) && false {"}},
			by:   tests{"control", "TestAFileIsPutOnce"},
		},
		{
			name: "content-proven", holds: "content that is not what landed never ends well",
			cuts: []cut{{"control/content.go", "hex.EncodeToString(p.sum.Sum(nil)) != p.want.SHA256:", "hex.EncodeToString(p.sum.Sum(nil)) != p.want.SHA256 && false:"}},
			by:   tests{"control", "TestContentThatIsNotWhatLanded"},
		},
		{
			name: "report-once", holds: "a report that is kept gives way to another only when that is asked for",
			cuts: []cut{{"store/report.go", "case found && !replace:", "case found && !replace && false:"}},
			by:   tests{"store", "TestConformance/AReportIsKeptOnce"},
		},
		{
			name: "body-floor", holds: "a body that drips holds no connection for ever",
			cuts: []cut{{"web/slow.go", "if s.got >= s.floor {", "if s.got >= 0 {"}},
			by:   tests{"web", "TestALargeFileMayTakeItsTime"},
		},
		{
			name: "events-sight", holds: "events are shown to those whose connections they are about",
			cuts: []cut{{"store/event_seen.go", "\t\t\tquery = seen(query, \"json_extract(CAST(data AS TEXT), '$.connection')\", sight)\n", "\t\t\tquery = query.Where(\"1 = 1\")\n"}},
			by:   tests{"store", "TestConformance/SightNarrowsSearches"},
		},
		{
			name: "trust-shared", holds: "nobody pins a host key that counts for a connection which they do not see",
			cuts: []cut{{"cmd/haulier/api_hostkeys.go", "case sharedBeyond(cfg, t.way.Endpoint, sight):", "case sharedBeyond(cfg, t.way.Endpoint, sight) && false:"}},
			by:   tests{"cmd/haulier", "TestAServerIsTrustedAndTested"},
		},
		{
			name: "keys-shared", holds: "of a server that several tenants share nobody sees what others' logins were shown",
			cuts: []cut{{"cmd/haulier/api_hostkeys.go", "if shown.Shared {", "if shown.Shared && false {"}},
			by:   tests{"cmd/haulier", "TestAServerIsTrustedAndTested"},
		},
		{
			name: "looks-pace", holds: "nobody locks a customer's account by asking for tests",
			cuts: []cut{{"cmd/haulier/turns.go", "wait > 0 {", "wait > 0 && false {"}},
			by:   tests{"cmd/haulier", "TestTurnsKeepAPace"},
		},
		{
			name: "inside-untold", holds: "what failed inside is told to nobody over the network",
			cuts: []cut{{"web/route/told.go", "case failure.Slug == \"api.failed\":", "case failure.Slug == \"\":"}},
			by:   tests{"web", "TestFailuresInsideAreForThisMachine"},
		},
		{
			name: "doubt-seen", holds: "a decision about one doubt does not end another that has come since",
			cuts: []cut{{"control/decide.go", "other := w.About != \"\" &&", "other := w.About == f.Job &&"}},
			by:   tests{"control", "TestADecisionIsAboutTheDoubtThatWasSeen"},
		},
		{
			name: "silence-once", holds: "files that nobody reports are told of once",
			cuts: []cut{{"store/silence.go", "UPDATE report_waits SET told = 1 WHERE", "UPDATE report_waits SET told = 0 WHERE"}},
			by:   tests{"store", "TestConformance/SilenceIsToldOnceAndEnds"},
		},
		{
			name: "answers-bounded", holds: "whoever has a link to a sheet cannot fill the store",
			cuts: []cut{{"store/sheet_answer.go", "if kept.Link >= answersOfLink ||", "if"}},
			by:   tests{"store", "TestConformance/AnswersToSheets"},
		},
		{
			name: "answers-seen", holds: "what a customer filled in and nobody has seen is not dealt with",
			cuts: []cut{{"store/sheet_told.go", "case latest > last && last > 0:", "case latest > last && last > 0 && false:"}, {"store/sheet_told.go", "case latest != last || waits == 0:", "case waits == 0:"}},
			by:   tests{"store", "TestConformance/AnswersAreDealtWith"},
		},
		{
			name: "link-astray", holds: "a link to a sheet leads to nothing while its connection is not configured",
			cuts: []cut{
				{"store/sheet_link.go", "|| !known(row.Connection)) {\n\t\t\treturn job.ErrNotFound\n", ") {\n\t\t\treturn job.ErrNotFound\n"},
				{"store/sheet_link.go", "|| !known(row.Connection)) {\n\t\t\treturn job.ErrNotFound // which", ") {\n\t\t\treturn job.ErrNotFound // which"},
			},
			by: tests{"store", "TestConformance/LinksToSheetsEnd"},
		},
	}
}
