package main

import "slices"

// inLedger are the lines that keep the ledger true.
func inLedger() []mutant {
	const ledger, group, open, tables = "store/ledger.go", "store/group.go", "store/open.go", "store/migrations/sqlite/0001_ledger.sql"
	store := func(run string) tests { return tests{"store", run} }
	return slices.Concat(ofExpectations(), []mutant{
		{
			name: "advance-fence", holds: "whoever lost a row to another run can write it no more",
			cuts: []cut{
				{ledger, "WHERE id = ? AND fence = ? AND step = ?`, f.ID, f.Fence, string(from))", "WHERE id = ? AND step = ?`, f.ID, string(from))"},
			},
			by: store("TestConformance"), short: true,
		},
		{
			name: "advance-step", holds: "a row moves only from the step where its writer saw it",
			cuts: []cut{
				{ledger, "WHERE id = ? AND fence = ? AND step = ?`, f.ID, f.Fence, string(from))", "WHERE id = ? AND fence = ?`, f.ID, f.Fence)"},
			},
			by: store("TestConformance"),
		},
		{
			name: "failed-step", holds: "of a step that fails halfway nothing is written with those that share its transaction",
			cuts: []cut{{"store/group.go", "\treturn errAgain\n", "\treturn nil\n"}},
			by:   store("TestAStepThatFailsTakesNoOtherAlong"),
		},
		{
			name: "settled-steps", holds: "of steps whose rows are inserted together none is done if one of those rows is refused",
			cuts: []cut{{"store/common.go", "if err := r.insert(tx); err != nil {", "if err := r.insert(tx); err != nil && c == nil {"}},
			by:   store("TestStepsThatShareATransactionLeaveWhatTheyLeaveAlone"), short: true,
		},
		{
			name: "others-context", holds: "a caller who is cancelled in the middle of its writes does not take those of others back",
			cuts: []cut{{open, "failure(act, s.writer.Transaction(do))", "failure(act, s.writer.WithContext(ctx).Transaction(do))"}},
			by:   store("TestACancelledCallerTakesNobodyAlong"),
		},
		{
			name: "claiming-step", holds: "a step that claims its row as well takes none that is held or done, and none but by the next fence",
			cuts: []cut{{ledger, "if read.State == job.FileHeld || read.Step == job.StepDone || f.Fence != read.Fence+1 {", "if false {"}},
			by:   store("TestAStepThatClaims"),
		},
		{
			name: "remembered-row", holds: "a row that was written by somebody else is not written as it is remembered",
			cuts: []cut{{ledger, "WHERE id = ? AND job = ? AND fence = ? AND step = ? AND touched = ?`", "WHERE id = ? AND job = ? AND fence <> -1 * ? AND step = ? AND touched <> -1 * ?`"}},
			by:   store("TestARememberedRowIsNotBelieved"),
		},
		{
			name: "claim-as-read", holds: "a row that was written since it was read is not claimed",
			cuts: []cut{{ledger, "AND touched = ? AND state <> 'held'", "AND 0 <> ? AND state <> 'held'"}},
			by:   store("TestConformance"),
		},
		{
			name: "claim-held", holds: "no run takes what a person is to decide about",
			cuts: []cut{{ledger, " AND state <> 'held' AND step", " AND step"}},
			by:   store("TestConformance"),
		},
		{
			name: "claim-done", holds: "no run takes what is done",
			cuts: []cut{{ledger, "state <> 'held' AND step <> 'done'`", "state <> 'held'`"}},
			by:   store("TestConformance"),
		},
		{
			name: "claim-fence", holds: "each claim has a fence of its own, and so names of its own in stages and on servers",
			cuts: []cut{{ledger, "= f.Fence+1, run, s.now()", "= max(f.Fence, 1), run, s.now()"}},
			by:   store("TestConformance"),
		},
		{
			name: "claim-life", holds: "a row whose fence rose since it was read, because the store was restored, is not claimed by what was read",
			cuts: []cut{{ledger, "WHERE id = ? AND job = ? AND fence = ? AND touched = ? AND state", "WHERE id = ? AND job = ? AND -1 <> ? AND touched = ? AND state"}},
			by:   store("TestAClaimFindsTheFenceThatItRead"),
		},
		{
			name: "absent-as-listed", holds: "a listing judges only rows that have not changed since it began: it marks none of them as gone",
			cuts: []cut{{"store/absent.go", "WHERE id IN ? AND touched <= ?`", "WHERE id IN ? AND 0 <= ?`"}},
			by:   store("TestConformance"),
		},
		{
			name: "present-waits", holds: "a version that waits to be taken is looked for though another one of its path is newer",
			cuts: []cut{{"store/ledger_read.go", "`absent = 0 AND (superseded = 0 OR (step = 'seen' AND state IN ('waiting', 'moving', 'failed')))`", "`absent = 0 AND superseded = 0`"}},
			by:   store("TestConformance"),
		},
		{
			name: "present-still", holds: "a row that was written since a listing read how it stands is judged as it is now",
			cuts: []cut{{"store/ledger_read.go", `"id IN ? AND "+present, ids)`, `"id IN ?", ids)`}},
			by:   store("TestConformance"),
		},
		{
			name: "rest-not-held", holds: "what is held is not passed over as known",
			cuts: []cut{{"store/ledger_read.go", "step = 'done' AND state <> 'held' AND moved", "step = 'done' AND moved"}},
			by:   store("TestConformance"),
		},
		{
			name: "rest-done", holds: "what nobody is done with is not passed over as known",
			cuts: []cut{{"store/ledger_read.go", "step = 'done' AND state <> 'held' AND moved", "state <> 'held' AND moved"}},
			by:   store("TestConformance"),
		},
		{
			name: "rest-untouched", holds: "a source that we moved or removed, and that is listed again, is not passed over as known",
			cuts: []cut{{"store/ledger_read.go", " AND moved = 0 AND aside = x''\n", "\n"}},
			by:   store("TestConformance"),
		},
		{
			name: "decide-as-read", holds: "a person decides about the row that was shown, not about what became of it since",
			cuts: []cut{{"store/decide.go", "WHERE id = ? AND touched = ? AND state", "WHERE id = ? AND 0 <> ? AND state"}},
			by:   store("TestConformance"),
		},
		{
			name: "dead-claims-fenced", holds: "after a crash no row can be written by whoever had claimed it before",
			cuts: []cut{{"store/absent.go", "UPDATE files SET fence = fence + 1, touched = ?\n\t\t\tWHERE step NOT IN", "UPDATE files SET touched = ?\n\t\t\tWHERE step NOT IN"}},
			by:   store("TestConformance"),
		},
		{
			name: "run-ends-once", holds: "a run has one end",
			cuts: []cut{{"store/run.go", `Where("id = ? AND ended = 0", r.ID).Select(`, `Where("id = ?", r.ID).Select(`}},
			by:   store("TestConformance"),
		},
		{
			name: "slot-once", holds: "a time of the schedule is one slot, whoever records it, and has one run",
			cuts: []cut{{tables, "PRIMARY KEY (job, wall, utc_offset)", "CHECK (job <> '')"}},
			by:   store("TestConformance"),
		},
		{
			name: "queued-once", holds: "a job that is to run after others has at most one run waiting",
			cuts: []cut{{tables, "CREATE UNIQUE INDEX runs_queued ", "CREATE INDEX runs_queued "}},
			by:   store("TestConformance"),
		},
		{
			name: "ledger-fsync", holds: "what the ledger said is on disk when the call returns",
			cuts: []cut{{open, `"synchronous(FULL)"`, `"synchronous(NORMAL)"`}},
			by:   store("TestTheWriterIsDurable"),
		},
		{
			name: "ledger-lock", holds: "a transaction locks the ledger before it reads what it decides by",
			cuts: []cut{{open, `"_txlock": {"immediate"}`, `"_txlock": {"deferred"}`}},
			by:   store("TestATransactionLocksBeforeItReads"),
		},
		{
			name: "group-apart", holds: "a write that fails leaves nothing behind, though others share its transaction",
			cuts: []cut{{group, "if m.run(tx) != nil {", "if m.run(tx); false {"}},
			by:   store("TestWritesOfAGroupStandOrFallAlone"),
		},
		{
			name: "group-commit", holds: "no write is told to be done before the transaction that it shares is on disk",
			cuts: []cut{{group, "if m.err == nil {\n\t\t\tm.err = err", "if m.err == nil {\n\t\t\t_ = err"}},
			by:   store("TestAGroupThatCannotBeBroughtToTheDiskIsNoOnesSuccess"), short: true,
		},
		{
			name: "sealed-place", holds: "a secret that was put into another row, or another version's, does not open there",
			cuts: []cut{{"store/seal.go", `return fmt.Appendf(nil, "secrets\x00%s\x00%s\x00%d", r.Kind, r.Name, r.Version)`, `return []byte("secrets")`}},
			by:   store("TestSealedRowsOpenOnlyInTheirPlace"), short: true,
		},
		{
			name: "master-key-first", holds: "a store whose master key is missing or wrong is not opened, and nothing is written to it",
			cuts: []cut{{"store/inspect.go", "return s.inspectSeals(ctx, db)", "return nil"}},
			by:   store("TestWithoutItsMasterKeyAStoreIsLeftAlone"),
		},
		{
			name: "newer-schema", holds: "a store of a newer program is left as it is",
			cuts: []cut{{"store/inspect.go", "if have > want {", "if false {"}},
			by:   store("TestOtherSchemasAreRefused"),
		},
		{
			name: "audit-append-only", holds: "no line of the audit list can be changed",
			cuts: []cut{{tables, "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit", "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit WHEN 0"}},
			by:   store("TestTheAuditListIsAppendOnly"),
		},
		{
			name: "one-run-a-job", holds: "a job has one run at a time, whoever asks",
			cuts: []cut{{"scheduler/manual.go", "case e.turn != nil:\n\t\treturn nil, false, ErrRunning", "case e.turn != nil && false:"}},
			by:   tests{"scheduler", "TestManyAskAtOnceAndOneRuns"},
		},
		{
			name: "slot-has-its-turn", holds: "a slot that was recorded has its run, also where the store fails behind it",
			cuts: []cut{{"scheduler/settle.go", "return runs, err\n", "return nil, err\n"}},
			by:   tests{"scheduler", "TestADeathBetweenSlotsOfOneInstantRunsNoneTwice"},
		},
		{
			name: "loaded-again", holds: "a job that comes back after it was removed counts its slots from then on",
			cuts: []cut{{"store/loaded.go", " AND removed = 0 AND loaded", " AND loaded"}},
			by:   tests{"store", "TestConformance"},
		},
	})
}
