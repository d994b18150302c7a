package main

// ofBackups are the lines that keep a backup whole and private, and a restore honest.
func ofBackups() []mutant {
	const seal, backup, pack, restore, place = "cmd/haulier/backup_seal.go", "cmd/haulier/backup.go", "cmd/haulier/backup_pack.go", "cmd/haulier/restore.go", "cmd/haulier/restore_place.go"
	program := func(run string) tests { return tests{"cmd/haulier", run} }
	return []mutant{
		{
			name: "backup-order", holds: "no chunk of a backup can be left out, doubled or moved",
			cuts: []cut{{seal, "sealNonce(w.number, last)", "sealNonce(0, last)"}, {seal, "sealNonce(r.number, r.ended)", "sealNonce(0, r.ended)"}},
			by:   program("TestSealedAndSpoiled"),
		},
		{
			name: "backup-end", holds: "the end of a backup cannot be cut off",
			cuts: []cut{{seal, "sealNonce(w.number, last)", "sealNonce(w.number, false)"}, {seal, "sealNonce(r.number, r.ended)", "sealNonce(r.number, false)"}},
			by:   program("TestSealedAndSpoiled"),
		},
		{
			name: "backup-passphrase", holds: "a wrong passphrase is told from damage",
			cuts: []cut{{seal, "if err == nil && !hmac.Equal(check, want) {", "if err == nil && !hmac.Equal(check, want) && false {"}},
			by:   program("TestSealedAndSpoiled"),
		},
		{
			name: "backup-passphrase-length", holds: "the file that holds every key is not sealed to a word of a few letters",
			cuts: []cut{{backup, "if fresh && len(text.Reveal()) < shortPassphrase {", "if false {"}},
			by:   program("TestScripts/backup"),
		},
		{
			name: "backup-no-overwrite", holds: "a backup takes the place of no file",
			cuts: []cut{
				{backup, "if _, err := os.Lstat(path); err == nil {", "if _, err := os.Lstat(path); err == nil && false {"},
				{backup, "err := os.Link(draft, path)", "err := os.Rename(draft, path)"},
			},
			by: program("TestScripts/backup"),
		},
		{
			name: "backup-names", holds: "what a backup holds is written nowhere but into its folder",
			cuts: []cut{{pack, "entry.Name != filepath.Base(entry.Name) || ", ""}},
			by:   program("FuzzUnpack"),
		},
		{
			name: "restore-store-there", holds: "a restore takes the place of a store only when it is told to",
			cuts: []cut{{restore, "!r.replace && exists(there) {", "!r.replace && false {"}},
			by:   program("TestScripts/backup"),
		},
		{
			name: "restore-new-life", holds: "a restored ledger knows that it is older than the world",
			cuts: []cut{{restore, "r.done.Epoch, err = s.NewEpoch(ctx, r.done.Above)", "r.done.Epoch, err = s.Epoch(ctx)"}},
			by:   program("TestRestoreKilled"),
		},
		{
			name: "restore-numbers", holds: "no number stands for a file of the lost ledger and one of the restored",
			cuts: []cut{{restore, "max(last, r.presentLast(ctx))", "last"}},
			by:   program("TestRestoreGoesOnAboveWhatWasLost"),
		},
		{
			name: "restore-key", holds: "where there was no master key, that of the backup opens the secrets",
			cuts: []cut{{restore, "if fresh && !key.Empty() {", "if false {"}},
			by:   program("TestRestoreElsewhere"),
		},
		{
			name: "restore-own-key", holds: "secrets that come from another machine are sealed under the key that counts here",
			cuts: []cut{{restore, "return s.RotateMasterKey(ctx, key, func() error { return nil })", "return nil"}},
			by:   program("TestRestoreElsewhere"),
		},
		{
			name: "restore-log-beside", holds: "the log of a store that was damaged is not taken for part of the one that comes",
			cuts: []cut{{place, "\t\terr = errors.Join(err, absent(os.Remove(present+side)))\n", "\t\terr = errors.Join(err, absent(os.Remove(present+side+\"-\")))\n"}},
			by:   program("TestRestoreOfADamagedStore"),
		},
		{
			name: "restore-kept-aside", holds: "the store that is replaced is kept",
			cuts: []cut{{place, "for _, side := range sideFiles {", "for _, side := range sideFiles[:0] {"}},
			by:   program("TestRestoreOfADamagedStore"),
		},
	}
}
