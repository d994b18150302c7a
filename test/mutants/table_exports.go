package main

// ofExports are the lines by which exports lose, double and halve nothing.
func ofExports() []mutant {
	const upload, publish, retire = "transfer/export_upload.go", "transfer/export_publish.go", "transfer/export_retire.go"
	transfer := func(run string) tests { return tests{"transfer", run} }
	return []mutant{
		{
			name: "sent-as-hashed", holds: "a source that changes while it is sent is not published",
			cuts: []cut{{upload, "case sent != want:", "case false:"}},
			by:   transfer("TestExportOfAFileThatChangesUnseenWhileItIsSent"),
		},
		{
			name: "sent-version", holds: "a source that nobody hashed before it was sent is published only if it still is the version of its row",
			cuts: []cut{{upload, "if err := r.unchanged(f); err != nil {", "if err := r.unchanged(f); err != nil && false {"}},
			by:   transfer("TestExportOfAFileThatChangesWhileItIsSent"),
		},
		{
			name: "sweeper-hash", holds: "what may have been delivered to a server that takes files at once is known by its hash",
			cuts: []cut{{"transfer/export_collect.go", "if compared || r.way.sweeps {", "if compared {"}},
			by:   transfer("TestExportAssumesWhatItKnows"),
		},
		{
			name: "uploaded-size", holds: "what lies on the server has the size of what was sent before it gets its final name",
			cuts: []cut{{upload, "case entry.Size != f.Received.Size:\n\t\treturn r.wrongSize", "case false:\n\t\treturn r.wrongSize"}},
			by:   transfer("TestExportToALyingServer"),
		},
		{
			name: "temp-name-attempt", holds: "each attempt has a temporary name of its own: a late request of an earlier one does it no harm (R11)",
			cuts: []cut{{upload, "naming.Temp(f.Final, f.ID, f.Fence, r.way.suffix)", "naming.Temp(f.Final, f.ID, 1, r.way.suffix)"}},
			by:   transfer("TestExportGivesEachAttemptItsName"),
		},
		{
			name: "final-size-and-time", holds: "the final name is known by size and by the time that the temporary had: an older file of that name and length is not ours (R13)",
			cuts: []cut{{publish, "return entry.Size == f.Received.Size && entry.ModTime == f.TempMTime && f.TempMTime != 0", "return entry.Size == f.Received.Size"}},
			by:   transfer("TestExportKnowsYesterdaysFileOfTheSameLength"),
		},
		{
			name: "final-bytes", holds: "a final file of our size and of a later time is known by its bytes where the answer to RENAME was lost",
			cuts: []cut{{publish, "return err == nil && back == f.Received, err", "return err == nil && (back == f.Received || true), err"}},
			by:   transfer("TestExportKnowsItsFileByItsBytes"),
		},
		{
			name: "final-newer", holds: "an older file with our bytes under the final name is not taken for what was sent",
			cuts: []cut{{publish, "!now.fits || !now.newer || r.way.once", "!now.fits || r.way.once"}},
			by:   transfer("TestExportKnowsItsFileByItsBytes"),
		},
		{
			name: "look-before-upload", holds: "a final name that is taken is seen before a byte is sent",
			cuts: []cut{{upload, "\treturn r.taken(*f)\n}\n\n// stat looks", "\treturn nil\n}\n\n// stat looks"}},
			by:   transfer("TestExportIfExists"),
		},
		{
			name: "look-before-rename", holds: "a file that came under the final name since is not overwritten, whatever the server's RENAME does (R14)",
			cuts: []cut{{publish, "\t\tif entry != nil {\n\t\t\tif err := r.taken(*f); err != nil {\n\t\t\t\treturn err\n\t\t\t}\n\t\t}\n", ""}},
			by:   transfer("TestExportLooksBeforeItRenames"), short: true,
		},
		{
			name: "look-after-rename", holds: "an OK to RENAME is no delivery before both names were looked at (R15)",
			cuts: []cut{{publish, "case whole:", "case whole || true:"}},
			by:   transfer("TestExportToALyingServer"),
		},
		{
			name: "close-in-place", holds: "under its final name a file is closed when all of it was acknowledged, and not before",
			cuts: []cut{{"transfer/export_glance.go", "if r.way.direct || r.way.sweeps {", "if r.way.sweeps {"}},
			by:   transfer("TestExportInPlaceClosesBehindItsWrites"),
		},
		{
			name: "glance-fits", holds: "a look that was asked for ahead of an answer counts only if it shows the file as it should be",
			cuts: []cut{
				{"transfer/export_upload.go", "if entry == nil || entry.Size != f.Received.Size {", "if entry == nil {"},
				{"transfer/export_glance.go", "return g.temp.err == nil && temp == nil && g.final.err == nil && final != nil && sameFinal(f, *final)", "return temp == nil || final != nil || true"},
			},
			by: transfer("TestExportLooksAgainWhereCloseWasNotOver|TestExportToALyingServer"),
		},
		{
			name: "rename-noted", holds: "the ledger says renaming before the request goes out: a rename whose answer was lost is waited for",
			cuts: []cut{{publish, "\tif err := r.advance(ctx, f, job.StepRenaming); err != nil {\n\t\treturn err\n\t}\n\tvar after glances", "\tvar after glances"}},
			by:   transfer("TestExportWaitsForARenameThatIsUnderWay"),
		},
		{
			name: "never-sent-again", holds: "a file whose upload was acknowledged and that is gone is not sent again by itself (R16)",
			cuts: []cut{{upload, "\treturn &decision{job.FileHeld, &job.Reason{\n\t\tSlug: \"remote.vanished\"", "\treturn &decision{job.FileFailed, &job.Reason{\n\t\tSlug: \"remote.vanished\""}},
			by:   transfer("TestExportToAServerThatSweeps|TestExportToALyingServer"),
		},
		{
			name: "sending-noted", holds: "the ledger says sending before a final name is opened (R17)",
			cuts: []cut{{upload, "\tif err := r.advance(ctx, f, job.StepSending); err != nil { // X3\n\t\treturn err\n\t}\n", ""}},
			by:   transfer("TestExportDirectWhoseCloseReplyWasLost|TestExportDirectWhoseCloseWasNeverSent"),
		},
		{
			name: "lost-reply-held", holds: "a direct upload whose last answer was lost is held for a person unless the job says otherwise",
			cuts: []cut{{upload, "\tcase job.LostResend:\n\t\tif err := r.advance", "\tdefault:\n\t\tif err := r.advance"}},
			by:   transfer("TestExportDirectWhoseCloseReplyWasLost"),
		},
		{
			name: "written-compared", holds: "a direct upload that has its size is fetched and compared when its CLOSE was not answered: it may have a hole",
			cuts: []cut{{upload, "case err == nil && there != f.Received:", "case err == nil && there != there:"}},
			by:   transfer("TestExportDirectWhoseCloseWasNeverSent"),
		},
		{
			name: "read-back", holds: "verify: readback compares what the server gives back with what was sent",
			cuts: []cut{{publish, "\tcase back == f.Received:\n", "\tcase true:\n"}},
			by:   transfer("TestExportThatReadsBackFindsAHole"),
		},
		{
			name: "name-once", holds: "a name with a time in it is made once: an attempt of the day after sends no second file",
			cuts: []cut{{"transfer/export_collect.go", "if f.Final == \"\" {", "if true {"}},
			by:   transfer("TestExportKeepsItsNameThroughAChange"),
		},
		{
			name: "source-version", holds: "what is taken out of the outbox is the version that was sent, not one that came meanwhile",
			cuts: []cut{{retire, "\tif !sameVersion(*f, entry) {\n\t\treturn r.putBack", "\tif !sameVersion(*f, entry) && false {\n\t\treturn r.putBack"}},
			by:   transfer("TestExportPutsANewerVersionBack"),
		},
		{
			name: "sealed-version", holds: "a source that is written over while it is sealed is not sent, half of the one version and half of the other",
			cuts: []cut{
				{"transfer/export_collect.go", "if err != nil || !sameVersion(*f, after) {", "if _ = after; err != nil {"},
				{"transfer/export_collect.go", "if f.Plain.SHA256 != \"\" && plain.digest() != f.Plain {", "if false {"},
			},
			by: transfer("TestExportSealsOneVersion"),
		},
		{
			name: "own-temporaries", holds: "only temporaries that the ledger says are ours are removed from the server",
			cuts: []cut{{retire, "return f.Temp != \"\" && f.Temp != f.Final }", "return f.Temp != \"\" }"}},
			by:   transfer("TestExportGoesOnDirectlyAfterARefusedRename"),
		},
		{
			name: "older-file-guard", holds: "a rename of the older file that is done late takes no delivery away",
			cuts: []cut{{"transfer/export_publish.go", "\tif err := r.settleOlder(ctx, f); err != nil {\n\t\treturn err\n\t}\n\treturn r.confirm", "\treturn r.confirm"}},
			by:   tests{"transfer", "TestExportGuardsItsDeliveryFromALateRename"},
		},
		{
			name: "older-file-name", holds: "a row at renaming keeps the name that the older file was to get",
			cuts: []cut{{"transfer/export_retire.go", "if f.Step == job.StepRenaming {", "if false {"}},
			by:   tests{"transfer", "TestExportKeepsTheNameOfTheOlderFile"},
		},
		{
			name: "whose-file-was-taken", holds: "an older file that the customer takes is not called ours",
			cuts: []cut{{"transfer/export_publish.go", "next.seen = isIt || now.seen", "next.seen = next.final || now.seen"}},
			by:   tests{"transfer", "TestExportKnowsWhoseFileWasTaken"},
		},
		{
			name: "read-once-delivery", holds: "no look of ours uses a delivery up",
			cuts: []cut{{"transfer/export_upload.go", " && !r.way.once", ""}},
			by:   tests{"transfer", "TestExportFetchesNothingBackFromAReadOnceServer"},
		},
		{
			name: "longer-file-of-another", holds: "a file that is longer than ours is nobody's half upload of ours",
			cuts: []cut{{"transfer/export_upload.go", "f.Temp == f.Final && entry.Size <= f.Received.Size", "f.Temp == f.Final"}},
			by:   tests{"transfer", "TestExportDirectKnowsALongerFileOfAnother"},
		},
	}
}
