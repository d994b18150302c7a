package main

// ofImports are the lines by which imports lose, double and halve nothing.
func ofImports() []mutant {
	const judge, look, fetch, land, retire, recovery = "transfer/judge.go", "transfer/import_look.go", "transfer/import_fetch.go", "transfer/import_land.go", "transfer/import_retire.go", "transfer/import_recover.go"
	transfer := func(run string) tests { return tests{"transfer", run} }
	return []mutant{
		{
			name: "unseen", holds: "a file of a supervised job lands when a person has approved its content, and no other (S2)",
			cuts: []cut{{"transfer/attend.go", "if given != \"\" && given == f.Plain.SHA256 {", "if given != \"\" {"}},
			by:   transfer("TestSupervisedImportLandsOnlyWhatWasLookedAt"),
		},
		{
			name: "as-looked-at", holds: "what a person approved is hashed again before it lands",
			cuts: []cut{{"transfer/attend.go", "return err == nil && there == want, err", "return err == nil && there == there, err"}},
			by:   transfer("TestSupervised(Import|Export)(Lands|Sends)OnlyWhatWasLookedAt"),
		},
		{
			name: "seen-is-not-landed", holds: "a ready file that somebody took away while a person looked at it has not landed (S3)",
			cuts: []cut{{"transfer/attend.go", "if err == nil && !same {\n\t\tsame, err = r.remake(ctx, f)\n\t}", "same = err == nil"}},
			by:   transfer("TestSupervisedImportLandsOnlyWhatWasLookedAt"),
		},
		{
			name: "overtaken", holds: "a file whose approved copy is lost, and in whose place another version lies, is held (S4)",
			cuts: []cut{{"transfer/attend.go", "if rows[f.Path].ID != f.ID {", "if false && rows[f.Path].ID != f.ID {"}},
			by:   transfer("TestSupervisedImportOfAVersionThatIsLost"),
		},
		{
			name: "duplicate-while-it-waited", holds: "what waited for a person is compared once more with what landed meanwhile (S5)",
			cuts: []cut{{"transfer/attend.go", "if err := r.check(ctx, f, f.Stage); err != nil {", "if err := error(nil); err != nil {"}},
			by:   transfer("TestSupervisedImportOfTheSameContentTwice"),
		},
		{
			name: "aside-of-a-rejected", holds: "a version under another name of a row that waits for a person, or was rejected, is adopted (S6)",
			cuts: []cut{{retire, "return over(row) || row.Step == job.StepChecked || (row.Step == job.StepDone && row.State == job.FileRejected)", "return over(row)"}},
			by:   transfer("TestSupervisedImportAdoptsWhatLiesAsideOfARejectedRow"),
		},
		{
			name: "two-listings", holds: "a file is taken when two listings, apart by stable_for, showed it alike",
			cuts: []cut{{judge, "case now.Sub(s.row.StableSince) < stableFor:", "case false:"}},
			by:   transfer("TestImportWaitsTheWholeTimeWhateverItSees"),
		},
		{
			name: "listed-twice", holds: "a row has one mover, however often a server lists its name",
			cuts: []cut{{"transfer/look.go", "\tl.ready = slices.Compact(l.ready)", "\t_ = slices.Compact[[]string]"}},
			by:   transfer("TestANameThatIsListedTwiceIsFetchedOnce"),
		},
		{
			name: "stale-listing", holds: "a listing judges only rows that have not changed since it began (R2)",
			cuts: []cut{{judge, "case s.row.Touched > stamp:", "case false:"}},
			by:   transfer("TestAListingJudgesOnlyWhatHasNotChangedSince"),
		},
		{
			name: "stale-absence", holds: "a source that came after the listing began is not missed by it (R2)",
			cuts: []cut{{look, "case f.Touched > l.stamp:", "case false:"}},
			by:   transfer("TestAListingMissesOnlyWhatWasThereBefore"),
		},
		{
			name: "proven-move", holds: "a file of the same name, size and time is new once ours was seen under its archive name (R7), or a listing was without it",
			cuts: []cut{{judge, "case s.row.Absent, s.row.Moved, force:", "case force:"}},
			by:   transfer("TestImportMovesAndDeletesOnlyAfterLanding"),
		},
		{
			name: "stays-after-delete", holds: "a source that stays after its delete was acknowledged is not landed again",
			cuts: []cut{{judge, "case s.row.Aside != \"\":\n\t\treturn verdictStaying", "case s.row.Aside != \"\":\n\t\treturn verdictNew"}},
			by:   transfer("TestImportDoesNotLandAgainWhatStaysAfterItsDelete"),
		},
		{
			name: "whole-listing", holds: "only a whole listing says what is gone from the server",
			cuts: []cut{
				{look, "if r.listed = !capped; r.listed {", "if r.listed = !capped; true {"},
				{look, "if torn || tooMany(err) {", "if torn {"},
				{look, "if err != nil {\n\t\treturn missed{}, err", "if err != nil && !tooMany(err) {\n\t\treturn missed{}, err"},
			},
			by: transfer("TestImportStopsAtMaxFilesAndEntries"),
		},
		{
			name: "mass-change", holds: "a server whose clock shifted or that was restored does not make everything land again",
			cuts: []cut{{"transfer/brake.go", "if n > brakeFrom && 2*n > known {", "if false {"}},
			by:   transfer("TestImportHoldsAMassChange"),
		},
		{
			name: "mass-return", holds: "files that all were gone and came back as they were do not land again",
			cuts: []cut{{"transfer/brake.go", "if back > brakeFrom && 2*back > known {", "if false {"}},
			by:   transfer("TestImportHoldsWhatVanishedAndCameBackAsItWas"),
		},
		{
			name: "size-while-read", holds: "a source that changed while it was fetched does not land",
			cuts: []cut{{"transfer/import_source.go", "if sameFingerprint(*f, entry) {\n\t\treturn nil\n\t}\n\treturn changedWhileRead", "if true {\n\t\treturn nil\n\t}\n\treturn changedWhileRead"}},
			by:   transfer("TestImportHoldsAFileThatChangesWhileItIsRead"), short: true,
		},
		{
			name: "open-file-asked", holds: "a version that was read and whose name is gone is known by its open file (H15)",
			cuts: []cut{{"transfer/import_source.go", "\t\treturn tookItsPlace(f, read)\n", "\t\treturn nil\n"}},
			by:   transfer("TestImportKnowsWhatItReadAfterItsNameIsGone"),
		},
		{
			name: "size-after-crash", holds: "the last look at the source is made up for when the run that fetched it died before",
			cuts: []cut{{recovery, "\tif err := r.unchangedSource(ctx, f); err != nil {\n\t\treturn errors.Join(err, r.landing.Remove(opened))\n\t}\n", ""}},
			by:   transfer("TestImportLooksAtTheSourceAfterACrash"),
		},
		{
			name: "stage-name-fence", holds: "no two attempts share a staged name: a run that wakes up lands nothing of another's (R1)",
			cuts: []cut{{"transfer/stage.go", `fmt.Sprintf("%d.%d.%s", id, fence, what)`, `fmt.Sprintf("%d.%d.%s", id, fence*0, what)`}},
			by:   transfer("TestARunThatWakesUpLandsNothing"),
		},
		{
			name: "name-checked", holds: "a name that leaves the folder, or misleads, is refused before a byte is fetched",
			cuts: []cut{{look, "if err := naming.Check(name); err != nil {\n\t\tr.decide(f,", "if err := naming.Check(name); err != nil && false {\n\t\tr.decide(f,"},
				{look, "if err := naming.Check(name); err != nil {\n\t\treturn &decision{", "if err := naming.Check(name); err != nil && false {\n\t\treturn &decision{"}},
			by: transfer("TestImportRejectsUnsafeNamesAndGoesOn"),
		},
		{
			name: "landing-name-checked", holds: "a name that to.name makes of a customer's name is checked as well",
			cuts: []cut{{fetch, "if err := naming.Check(rendered); err != nil {", "if err := naming.Check(rendered); err != nil && false {"}},
			by:   transfer("TestImportSaysThatANameIsTooLong"),
		},
		{
			name: "name-separators", holds: "no name has a path separator in it",
			cuts: []cut{{"transfer/naming/safe.go", "case strings.ContainsAny(name, `/\\`):", "case strings.ContainsAny(name, `/`) && false:"}},
			by:   tests{"transfer/naming", "TestCheckRefusesNamesThatLeaveOrMislead"}, short: true,
		},
		{
			name: "files-only", holds: "links, folders and devices are not fetched",
			cuts: []cut{{"transfer/selection.go", "if entry.Kind != job.KindFile && entry.Kind != job.KindUnknown {", "if false {"}},
			by:   transfer("TestImportLeavesWhatIsNoFile"),
		},
		{
			name: "largest-file", holds: "a file that is larger than limits.max_file_size, or says so, is not fetched",
			cuts: []cut{{look, "case f.Size > r.spec.Limits.MaxFileSize:", "case false:"}},
			by:   transfer("TestImportRejectsEmptyAndTooLargeFiles"),
		},
		{
			name: "free-space", holds: "no file is begun that would fill the disk",
			cuts: []cut{{"transfer/space.go", "if free-s.reserved-need < s.keep {", "if false {"}},
			by:   transfer("TestImportAsksForSpaceBeforeTheFirstByte"),
		},
		{
			name: "reserved-space", holds: "files that are under way count: together they do not fill the disk",
			cuts: []cut{{"transfer/space.go", "\ts.reserved += need\n", ""}},
			by:   transfer("TestSpaceIsSetAsideForFilesThatAreUnderWay"),
		},
		{
			name: "ready-witness", holds: "a staged file that is not there in a stage that is not there proves no landing",
			cuts: []cut{{land, "case errors.Is(err, fs.ErrNotExist) && r.newStage && f.Fence > 1:", "case false:"}},
			by:   transfer("TestImportHoldsWhatAStageThatIsGoneCouldTell"),
		},
		{
			name: "source-consumed", holds: "a file that a read-once server gave to a run that died is shown as used up, not as withdrawn (R9)",
			cuts: []cut{{look, "begun := f.Step == job.StepClaimed || ", "begun := false || "}},
			by:   transfer("TestImportOnAReadOnceServer|TestImportJudgesABegunFetchInAFormerFolder"),
		},
		{
			name: "commit-before-close", holds: "the ledger says downloaded, and may fail to, before CLOSE tells a read-once server that we have the file",
			cuts: []cut{{fetch, "\t\terr := r.advance(ctx, &next, job.StepDownloaded) // C7", "\t\tgo func() { _ = r.advance(ctx, &next, job.StepDownloaded) }()\n\t\tvar err error"}},
			by:   transfer("TestImportOnAReadOnceServer"),
		},
		{
			name: "retire-after-landing", holds: "nothing is done to a source before it has landed durably",
			cuts: []cut{{"transfer/import_file.go", "\tif err := r.land(ctx, f, opened, seq); err != nil {\n\t\treturn err\n\t}\n\treturn r.retire(ctx, f)", "\tlanding := *f\n\tif err := r.retire(ctx, f); err != nil {\n\t\treturn err\n\t}\n\treturn r.land(ctx, &landing, opened, seq)"}},
			by:   transfer("TestImportMovesAndDeletesOnlyAfterLanding"),
		},
		{
			name: "look-before-retire", holds: "a version that the customer put in the source's place is not removed with it (delete without rename)",
			cuts: []cut{{retire, "\treturn sameFingerprint(f, entry), nil\n}\n\nfunc (r *importRun) asideOf", "\treturn sameFingerprint(f, entry) || true, nil\n}\n\nfunc (r *importRun) asideOf"}},
			by:   transfer("TestImportRemovesInPlaceOnlyWhatLanded"),
		},
		{
			name: "aside-look", holds: "what was moved aside is looked at: another version is taken, not thrown away (R5)",
			cuts: []cut{{retire, "\tcase !own:\n\t\treturn true, r.adopt(", "\tcase !own && false:\n\t\treturn true, r.adopt("}},
			by:   transfer("TestImportAdoptsAVersionThatCameBeforeTheMove"),
		},
		{
			name: "aside-looked-first", holds: "a move that a dead session did after all is seen, and what lies under the source's name by now left alone (R4)",
			cuts: []cut{{retire, "\tif found, err := r.lookAside(ctx, f); found || err != nil {\n\t\treturn err\n\t}\n\tif err := r.renewAside", "\tif err := r.renewAside"}},
			by:   transfer("TestImportLooksAsideBeforeItRenamesAgain"),
		},
		{
			name: "aside-swept", holds: "versions that a request of a dead session moved aside are found again (R6)",
			cuts: []cut{{look, "\tif err := r.sweepAsides(ctx, l); err != nil {\n\t\treturn nil, err\n\t}\n", ""}},
			by:   transfer("TestImportPutsBackWhatWentAsideLate"),
		},
		{
			name: "one-act", holds: "a source goes aside by one act, not by a link and an unlink, where the server can",
			cuts: []cut{{retire, "if r.conn.Rename != job.RenameV3 {", "if false {"}},
			by:   transfer("TestImportMovesSourcesAsideInOneAct"),
		},
		{
			name: "older-ledger", holds: "a ledger of another life than the stage remembers imports nothing by itself",
			cuts: []cut{{"transfer/epoch.go", "case then != epoch:\n\t\treturn true, nil", "case then != epoch:\n\t\treturn false, nil"}},
			by:   transfer("TestImportAfterTheLedgerWasRestored"),
		},
		{
			name: "ledger-put-back", holds: "a ledger that was copied back by hand, and has not come as far as the stage remembers, imports nothing by itself",
			cuts: []cut{{"transfer/epoch.go", "return stamp < reached, ledgerReason(err)", "return stamp < reached && false, ledgerReason(err)"}},
			by:   transfer("TestImportFromALedgerThatWasPutBackByHand"),
		},
		{
			name: "done-file-of-this-version", holds: "yesterday's done-file does not speak for today's file",
			cuts: []cut{{"transfer/selection.go", "case at < v.at:", "case false:"}},
			by:   tests{"transfer", "TestImportAsksForADoneFileOfThisVersion"},
		},
		{
			name: "adopted-done-file", holds: "what lies aside is taken once its done-file is there, like any other",
			cuts: []cut{{"transfer/import_adopt.go", "why != \"\" {", "why != \"\" && false {"}},
			by:   tests{"transfer", "TestImportAdoptsWhatItsDoneFileSpeaksFor"},
		},
		{
			name: "rest-as-it-was", holds: "a new version under a known name is seen, by its size and time",
			cuts: []cut{{"transfer/names.go", " && slot.print == n.print(entry.Size, entry.ModTime)", ""}},
			by:   tests{"transfer", "TestImportAsksTheLedgerOnlyAboutWhatIsNotAsItWas"},
		},
		{
			name: "rest-wide", holds: "of a million files that all change every night none is taken for the old one in ten years",
			cuts: []cut{{"transfer/names.go", "return widen(maphash.Bytes(n.seed, b[:]))", "return widen(maphash.Bytes(n.seed, b[:]) >> 32)"}},
			by:   transfer("TestAPrintIsWide"),
		},
		{
			name: "rest-listed", holds: "a known file that was listed is not taken for gone",
			cuts: []cut{{"transfer/names.go", "\tslot.row = 0\n\treturn rests", "\treturn rests"}},
			by:   tests{"transfer", "TestImportAsksTheLedgerOnlyAboutWhatIsNotAsItWas"},
		},
		{
			name: "rest-missed", holds: "a known file that is gone is new when it comes back",
			cuts: []cut{{"transfer/resting.go", "append(names.missing(), s.others...)", "slices.Clone(s.others)"}},
			by:   tests{"transfer", "TestImportAsksTheLedgerOnlyAboutWhatIsNotAsItWas"},
		},
		{
			name: "rest-forced", holds: "a person who asks for it gets what is known once more",
			cuts: []cut{{"transfer/look.go", "case rests && !r.run.Force:", "case rests:"}},
			by:   tests{"transfer", "TestImportForcedAndOnly"},
		},
		{
			name: "missed-by-two", holds: "only what two listings miss is gone",
			cuts: []cut{{"transfer/import_look.go", "if err == nil && m.doubtful {", "if err == nil && m.doubtful && false {"}},
			by:   tests{"transfer", "TestImportMissesOnlyWhatTwoListingsMiss"},
		},
		{
			name: "read-once-size", holds: "what a read-once server gave in another size is as used up as what was cut off",
			cuts: []cut{{"transfer/settle.go", "f.Step == job.StepClaimed && f.Aside == \"\":", "false:"}},
			by:   tests{"transfer", "TestImportHoldsWhatWasUsedUpInAnotherSize"},
		},
		{
			name: "moved-elsewhere", holds: "what looks like a version that is proven to be gone is another one, and lands",
			cuts: []cut{{"transfer/import_retire.go", " || (row.Moved && row.Aside != aside)", ""}},
			by:   tests{"transfer", "TestImportLandsATwinThatALateRenameTook"},
		},
		{
			name: "await-move", holds: "a source that a server copies lands once",
			cuts: []cut{{"transfer/import_retire.go", "\tfor _, wait := range patience {\n\t\tif err := sleep(ctx, wait); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif there, err := r.stillOurs", "\treturn nil\n\tfor _, wait := range patience {\n\t\tif err := sleep(ctx, wait); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif there, err := r.stillOurs"}},
			by:   tests{"transfer", "TestImportWaitsForAServerThatCopies"},
		},
		{
			name: "own-by-content", holds: "a version of the same size is not taken for the one that landed because a server changes times",
			cuts: []cut{{"transfer/import_retire.go", "return sum.digest() == f.Received, err", "return true, err"}},
			by:   tests{"transfer", "TestImportAdoptsAnotherVersionOfItsSizeAndOtherContent"},
		},
		{
			name: "forget-own-copy", holds: "no row deletes the archived copy of another",
			cuts: []cut{{"transfer/stage.go", "if err != nil || anothers {", "if err != nil || anothers && false {"}},
			by:   tests{"transfer", "TestExportForgetsOnlyItsOwnCopy"},
		},
		{
			name: "behind-late-error", holds: "a byte that could not be written is told, also when whoever gave it is long done",
			cuts: []cut{{"transfer/pipe.go", "return first(wrote, passed)", "_ = passed\n\treturn wrote"}},
			by:   transfer("TestBehindSaysWhatDidNotArrive"),
		},
		{
			name: "pipe-lost-connection", holds: "a connection that was lost is not taken for the end of a message",
			cuts: []cut{{"transfer/pipe.go", "\tp.end = err\n", "\t_, p.end = err, io.EOF\n"}},
			by:   transfer("TestPipeTellsTheReaderWhyItEnds"),
		},
	}
}
