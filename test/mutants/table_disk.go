package main

// onDisk are the lines that make files and names durable, and that keep names apart.
func onDisk() []mutant {
	const stage, landing, folder, epoch, outbox = "transfer/local/stage.go", "transfer/local/landing.go", "transfer/local/folder.go", "transfer/local/epoch.go", "transfer/local/outbox.go"
	durable := func(name string) tests { return tests{"transfer/local", "TestWhatIsDurable" + name} }
	local := func(run string) tests { return tests{"transfer/local", run} }
	return []mutant{
		{
			name: "stage-file-fsync", holds: "the bytes of a staged file are on disk before the ledger says that it was received or opened",
			cuts: []cut{{stage, "errors.Join(d.File.Sync(), d.File.Close())", "d.File.Close()"}},
			by:   durable("InAStage"), short: true,
		},
		{
			name: "stage-folder-fsync", holds: "the name of a file that is to land is on disk before the ledger says landing",
			cuts: []cut{{stage, "errors.Join(err, s.Sync()); err != nil {\n\t\treturn fmt.Errorf(\"promote", "err; err != nil {\n\t\treturn fmt.Errorf(\"promote"}},
			by:   durable("InAStage"),
		},
		{
			name: "received-name-fsync", holds: "the name of a received file is on disk before the ledger says downloaded",
			cuts: []cut{{"transfer/import_fetch.go", "errors.Join(file.Close(), r.landing.Sync())", "file.Close()"}},
			by:   tests{"transfer", "TestWhatIsReceivedIsSyncedBeforeTheLedgerSaysSo"},
		},
		{
			name: "sealed-name-fsync", holds: "the name of what is to be sent is on disk before the ledger says sealed",
			cuts: []cut{{"transfer/export_collect.go", "errors.Join(file.Close(), r.stage.Sync())", "file.Close()"}},
			by:   tests{"transfer", "TestWhatIsSealedIsSyncedBeforeTheLedgerSaysSo"},
		},
		{
			name: "landing-folder-fsync", holds: "the landed name is on disk before the ledger says landed",
			cuts: []cut{{landing, "errors.Join(l.syncs.do(func() error { return syncDir(l.dir) }), l.Stage.Sync())", "l.Stage.Sync()"}},
			by:   durable("InALanding"), short: true,
		},
		{
			name: "landing-stage-fsync", holds: "the staged name is gone from the disk, which is the witness, before the ledger says landed",
			cuts: []cut{{landing, "errors.Join(l.syncs.do(func() error { return syncDir(l.dir) }), l.Stage.Sync())", "l.syncs.do(func() error { return syncDir(l.dir) })"}},
			by:   durable("InALanding"),
		},
		{
			name: "shared-sync-later", holds: "who shares the sync of a folder gets the outcome of one that began after it had asked",
			cuts: []cut{{"transfer/local/shared.go", "asked := s.begun.Load()\n\ts.turn.Lock()\n\tdefer s.turn.Unlock()\n\tif s.begun.Load() == asked {", "s.turn.Lock()\n\tdefer s.turn.Unlock()\n\tif s.begun.Load()%2 == 0 {"}},
			by:   local("TestSharedActsBeginAfterTheyAreAskedFor"),
		},
		{
			name: "archive-folder-fsync", holds: "the archived name is on disk before the source goes away",
			cuts: []cut{{landing, "errors.Join(err, syncDir(dir)); err != nil {\n\t\treturn \"\", ", "err; err != nil {\n\t\treturn \"\", "}},
			by:   durable("InAnArchive"),
		},
		{
			name: "archive-copy-fsync", holds: "the bytes of a copy to another file system are on disk before the copied file is removed",
			cuts: []cut{{landing, "(&durable{target}).Close()", "target.Close()"}},
			by:   durable("AcrossFileSystems"),
		},
		{
			name: "archive-copy-name-fsync", holds: "the name of a copy on another file system is on disk before the copied file is removed",
			cuts: []cut{{landing, "\tif err := syncDir(filepath.Dir(to)); err != nil {\n\t\treturn err\n\t}\n\treturn os.Remove(from)", "\treturn os.Remove(from)"}},
			by:   durable("AcrossFileSystems"),
		},
		{
			name: "forgotten-copy-fsync", holds: "a copy that was to be forgotten does not come back after a power cut",
			cuts: []cut{{outbox, "errors.Join(err, syncDir(filepath.Dir(path)))", "err"}},
			by:   durable("InAnOutbox"),
		},
		{
			name: "outbox-move-fsync", holds: "a sent file is on disk under its new name, and gone under the old one, before the ledger says done",
			cuts: []cut{{outbox, "errors.Join(err, syncDir(dir), syncDir(o.dir))", "err"}},
			by:   durable("InAnOutbox"),
		},
		{
			name: "outbox-remove-fsync", holds: "a sent file that is deleted does not come back after a power cut and go out again",
			cuts: []cut{{outbox, "errors.Join(err, syncDir(o.dir)); err != nil {\n\t\treturn fmt.Errorf(\"remove", "err; err != nil {\n\t\treturn fmt.Errorf(\"remove"}},
			by:   durable("InAnOutbox"),
		},
		{
			name: "new-folder-fsync", holds: "a folder that was made is on disk before anything counts as lying in it",
			cuts: []cut{{folder, "return syncDir(parent)", "return nil"}},
			by:   durable("InALanding"),
		},
		{
			name: "epoch-fsync", holds: "a stage never remembers half of which life of the ledger it was last used with",
			cuts: []cut{{epoch, "(&durable{file}).Close()", "file.Close()"}},
			by:   durable("InAStage"),
		},
		{
			name: "landing-no-replace", holds: "a file that lies in the landing is never overwritten unless the job says so",
			cuts: []cut{{landing, "\t\treturn renameNoReplace(from, to)\n\t}\n\t// A folder", "\t\treturn os.Rename(from, to)\n\t}\n\t// A folder"}},
			by:   local("TestLandReplacesNothingUnlessAsked"), short: true,
		},
		{
			name: "no-replace-probe", holds: "a file system that cannot rename without replacing is not used for a stage",
			cuts: []cut{
				{stage, "!errors.Is(err, fs.ErrExist) {\n\t\treturn fmt.Errorf(\"the file system", "err == nil && false {\n\t\treturn fmt.Errorf(\"the file system"},
			},
			by: local("TestAFileSystemThatReplacesIsRefused"),
		},
		{
			name: "landing-no-link", holds: "a folder or a link in the landing is never replaced, even where files may be",
			cuts: []cut{{landing, "if info, err := os.Lstat(to); err == nil && !info.Mode().IsRegular() {", "if _, err := os.Lstat(to); err == nil && false {"}},
			by:   local("TestLandNeverReplacesAFolderOrLink"),
		},
		{
			name: "landing-inside", holds: "no name leads out of the landing",
			cuts: []cut{{landing, "filepath.Join(l.dir, filepath.Base(final))", "filepath.Join(l.dir, final)"}},
			by:   local("TestNamesCannotLeaveTheFolders"),
		},
		{
			name: "landing-gone", holds: "a landing that was taken away, stage and all, does not prove that a file landed",
			cuts: []cut{{landing, "errors.Is(unsynced, fs.ErrNotExist)", "errors.Is(unsynced, nil)"}},
			by:   local("TestLandWithoutItsFoldersProvesNothing"),
		},
		{
			name: "landing-unmounted", holds: "where files have landed, a folder that took the landing's place gets none",
			cuts: []cut{{"transfer/import_home.go", "if err != nil || !used {\n\t\treturn ledgerReason(err)", "if err != nil || !used || true {\n\t\treturn ledgerReason(err)"}},
			by:   tests{"transfer", "TestImportMakesALandingForTheFirstFileOnly"},
		},
		{
			name: "stage-believed-late", holds: "a stage that was made anew proves nothing before every row that was begun was looked after",
			cuts: []cut{{"transfer/frame.go", "\t\tif r.over() {\n\t\t\treturn nil\n\t\t}\n\t\tif ctx.Err()", "\t\tif r.over() {\n\t\t\treturn r.settleIn()\n\t\t}\n\t\tif ctx.Err()"}},
			by:   tests{"transfer", "TestImportBelievesANewStageOnlyAfterAWholeRecovery"},
		},
		{
			name: "ledger-noted-first", holds: "files move only once the stage remembers how far the ledger had come",
			cuts: []cut{{"transfer/frame.go", "if len(found.ready) > 0 {", "if false {"}},
			by:   tests{"transfer", "TestImportNotesHowFarTheLedgerIsBeforeFilesMove"},
		},
		{
			name: "stage-same-device", holds: "a landing whose stage is on another file system, where no rename is atomic, is not used",
			cuts: []cut{{landing, "if !same {", "if false && !same {"}},
			by:   local("TestAStageOnAnotherFileSystemIsRefused"),
		},
		{
			name: "stage-exclusive", holds: "two attempts never write the same staged file",
			cuts: []cut{{stage, "os.O_WRONLY|os.O_CREATE|os.O_EXCL", "os.O_WRONLY|os.O_CREATE"}},
			by:   local("TestCreateIsExclusiveAndPrivate"),
		},
		{
			name: "archive-same-content", holds: "a file is not thrown away because another one has its name in the archive",
			cuts: []cut{{landing, "if sums[0] != sums[1] {", "if false {"}},
			by:   local("TestArchiveTwiceAndAcrossFileSystems"),
		},
		{
			name: "outbox-no-link", holds: "a link in the outbox is not followed to files that nobody meant to send",
			cuts: []cut{{outbox, "os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK", "os.O_RDONLY|unix.O_NONBLOCK"}},
			by:   local("TestOutbox"),
		},
		{
			name: "one-process", holds: "a second process on a data folder does nothing",
			cuts: []cut{{"control/lock.go", "if err := lockAlone(file); err != nil {", "if err := lockAlone(file); err != nil && false {"}},
			by:   tests{"control", "TestADataFolderHasOneProcess"},
		},
	}
}
