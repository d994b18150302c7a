package main

// ofExpectations are the lines that call nobody late who is not, and forget nobody who is.
func ofExpectations() []mutant {
	const verdict, judge, window = "scheduler/expect/verdict.go", "store/expectation_judge.go", "scheduler/expect/window.go"
	const cover = "store/incident_cover.go"
	expect := func(run string) tests { return tests{"scheduler/expect", run} }
	return []mutant{
		{
			name: "verdict-as-read", holds: "a day is judged over the row as it was read, so that two who judge tell it once",
			cuts: []cut{{judge, `Where("job = ? AND day = ? AND version = ?", read.Job, read.Day, read.Version)`, `Where("job = ? AND day = ?", read.Job, read.Day)`}},
			by:   tests{"store", "TestConformance/VerdictsAreComparedAndSet"}, short: true,
		},
		{
			name: "count-before-judge", holds: "what came is counted before a day is judged, so that a file that was there in time is never called late",
			cuts: []cut{{verdict, "\te = count(e, came)\n\tv := verdict(e, now)\n", "\tv := verdict(e, now)\n\te = count(e, came)\n"}},
			by:   expect("TestAwayOverTheDeadline"), short: true,
		},
		{
			name: "late-file-is-its-own", holds: "a file that came late for one day is not taken for the next",
			cuts: []cut{{window, "case !e.Filled.IsZero():\n\t\treturn e.Filled", "case !e.Filled.IsZero():\n\t\treturn e.Opens"}},
			by:   expect("TestLateThenRecovered|TestExtendedPastTheNextOpening"),
		},
		{
			name: "open-day-takes-first", holds: "while an extended day waits, the next has nothing of what comes for it",
			cuts: []cut{{window, "\treturn e.Closes\n", "\treturn e.Opens\n"}},
			by:   expect("TestEachFileCountsForOneDay"),
		},
		{
			name: "told-verdict-stays", holds: "who was called missing recovers, and is not made to have been on time",
			cuts: []cut{{verdict, "case e.Verdict == job.VerdictMissing || e.Filled.After(e.Missing):", "case e.Filled.After(e.Missing):"}},
			by:   expect("TestWhoWasToldRecovers"),
		},
		{
			name: "name-counted-once", holds: "another version of a file is not taken for the other file that is missing",
			cuts: []cut{{"store/arrival_count.go", "if c.names[name] == job.FileLanded {", "if c.names[name] == job.FileLanded && c.wanted < 0 {"}},
			by:   expect("TestWhatDoesNotCount"),
		},
		{
			name: "cover-each-day", holds: "what was rejected one night does not hide that nothing came in another",
			cuts: []cut{{cover, "if day.Held+day.Rejected < day.Wanted-day.Got {", "if day.Held+day.Rejected < 0 {"}},
			by:   expect("TestADayOfNothingIsNotExplainedByTheNext"),
		},
		{
			name: "cover-all-that-lacks", holds: "what was rejected explains only as much as still lies there",
			cuts: []cut{{cover, "lie.Names == 0 || lie.Names < last.Wanted-last.Got", "lie.Names == 0"}},
			by:   expect("TestOneOfTwoRejectedFilesWasTakenAway"),
		},
		{
			name: "cover-own-day", holds: "a file of another day that was rejected does not hide that this day's is missing",
			cuts: []cut{{judge, "if j.Wants(string(name)) {", "if j.Wants(string(name)) || state == \"rejected\" {"}},
			by:   expect("TestAFileOfAnotherDayExplainsNothing"),
		},
		{
			name: "late-ends-with-missing", holds: "who was told that a file is late hears the end, also of one that was missing by then",
			cuts: []cut{{"store/incident.go", "row.endPassed(tx); err != nil", "error(nil); err != nil"}},
			by:   expect("TestLateIsOverWithMissing"),
		},
		{
			name: "cover-while-open", holds: "what is missing is told once nothing that people know of explains it any more",
			cuts: []cut{{cover, "json_extract(f.reason, '$.slug') AND i.resolved = 0", "json_extract(f.reason, '$.slug') AND i.resolved >= 0"},
				{cover, "\tAND (n.absent = 1 OR n.state IN", "\tAND (n.absent = 2 OR n.state IN"}},
			by: expect("TestARejectedFileIsNotMissingBesides"),
		},
	}
}
