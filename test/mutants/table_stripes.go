package main

import "time"

// ofStripes are the lines that keep a file whole that goes over several connections, and everybody else's connections free.
func ofStripes() []mutant {
	const get, put, helpers, account = "transfer/sftp/wire/get_stripes.go", "transfer/sftp/wire/put_stripes.go", "transfer/sftp/helpers.go", "transfer/sftp/account.go"
	wire := func(run string) tests { return tests{"transfer/sftp/wire", run} }
	sftp := func(run string) tests { return tests{"transfer/sftp", run} }
	return []mutant{
		{
			name: "stripe-version", holds: "what a further connection reads counts only while its handle is on the file that the first one opened",
			cuts: []cut{{get, "if err != nil || !g.same(seen) {", "if err != nil || seen.Size < 0 {"}},
			by:   wire("FuzzStripedGet"), short: true,
		},
		{
			name: "stripe-unconfirmed", holds: "nothing of a further connection is written before the server has said behind it which file it is of",
			cuts: []cut{{"transfer/sftp/wire/get.go", "return s.whole() && (s.block == nil || s.block.agreed())", "return s.whole()"}},
			by:   wire("TestNothingOfAHelperIsWrittenUnconfirmed"),
		},
		{
			name: "stripe-silent", holds: "what a silent further connection owes is read on the first one",
			cuts: []cut{{get, "\t\t\tg.drop(l, errQuiet)\n", "\t\t\t_ = errQuiet\n"}, {get, "\tif b := g.slots[0].block; b != nil &&", "\tif b := g.slots[0].block; false &&"}},
			by:   wire("FuzzStripedGet"), hangs: 20 * time.Second,
		},
		{
			name: "stripe-overtake", holds: "further connections that drip hold no download up",
			cuts: []cut{{get, "\tif b := g.slots[0].block; b != nil &&", "\tif b := g.slots[0].block; false &&"}},
			by:   wire("TestHelpersThatDripHoldNothingUp"),
		},
		{
			name: "stripe-drip", holds: "bytes that drip from a further connection do not make a stalled download look alive",
			cuts: []cut{{"transfer/sftp/wire/get.go", "\tif l.helper == nil {\n\t\tr.came", "\tif true {\n\t\tr.came"}},
			by:   wire("TestHelpersThatDripHoldNothingUp"),
		},
		{
			name: "stripe-silent-end", holds: "an upload whose further connection falls silent behind its last WRITE is given up in time",
			cuts: []cut{{put, "l.quiet() >= patience {", "false && l.quiet() >= patience {"}},
			by:   wire("TestAHelperThatIsSilentAtTheEndOfAnUpload"),
		},
		{
			name: "stripe-memory", holds: "downloads over several connections to one account hold together what one of them may",
			cuts: []cut{{"transfer/sftp/wire/stripes.go", "return m == nil || m.held.Load()+n <= lanesMost*aheadBytes", "return m == nil || n >= 0"}},
			by:   wire("TestDownloadsShareTheirMemory"),
		},
		{
			name: "stripe-read-once", holds: "a read-once server never sees a file opened twice",
			cuts: []cut{{"transfer/sftp/wire/get.go", "\tif !opts.ReadOnce {\n\t\tg.team", "\tif true {\n\t\tg.team"}},
			by:   sftp("TestFilesThatGoOverOneConnection"),
		},
		{
			name: "stripe-one-file", holds: "an upload is whole only if all its handles were on one file",
			cuts: []cut{{put, "if seen := entry(\"\", attrs); seen.Size != p.next {", "if false {\n\t\tseen := entry(\"\", attrs)"}},
			by:   sftp("TestUploadWhoseNameIsTaken"),
		},
		{
			name: "stripe-lost-writes", holds: "an upload fails whose further connection died with anything written",
			cuts: []cut{{put, "\tif !l.wrote {\n\t\treturn nil\n\t}\n\treturn p.broke(l.c.Err())", "\treturn nil"}},
			by:   wire("FuzzStripedPut"), short: true, hangs: 20 * time.Second,
		},
		{
			name: "stripe-known-server", holds: "only a server that is known to write at any place through any handle gets an upload over several connections",
			cuts: []cut{{helpers, "\tif !known {\n\t\treturn nil\n\t}\n", "\t_ = known\n"}},
			by:   sftp("TestFilesThatGoOverOneConnection"),
		},
		{
			name: "stripe-sweeps", holds: "a system that takes files at CLOSE sees one CLOSE only, behind the last byte",
			cuts: []cut{{helpers, "\tif takes := p.SweepsAtOnce != nil && *p.SweepsAtOnce; takes {\n\t\treturn nil\n\t}\n", ""}},
			by:   sftp("TestFilesThatGoOverOneConnection"),
		},
		{
			name: "stripe-known-name", holds: "a name that the customer knows is written from its beginning to its end",
			cuts: []cut{{"transfer/export_glance.go", "if r.way.direct || r.way.sweeps {", "if r.way.sweeps {"}},
			by:   tests{"transfer", "TestOnlyATemporaryNameIsWrittenInSeveralPlaces"},
		},
		{
			name: "stripe-makes-room", holds: "a further connection goes when somebody waits for one",
			cuts: []cut{{account, "\tif len(a.line) <= a.leaving {\n\t\treturn false\n\t}\n\ta.leaving++\n\treturn true", "\treturn false"}},
			by:   sftp("TestHelpersMakeRoom"),
		},
		{
			name: "stripe-width", holds: "a new connection takes as much of a download as it has brought",
			cuts: []cut{{get, "g.striped, l.width = true, narrowBytes", "g.striped, l.width = true, windowBytes"}},
			by:   wire("TestAHelperTakesAsMuchAsItBrings"),
		},
		{
			name: "stripe-as-many-as-pay", holds: "a server sees no more logins for a file than its size pays for",
			cuts: []cut{{"transfer/sftp/wire/stripes.go", "pay := min(t.most-1, int(left/t.rules.AtOnce))", "pay := t.most - 1"}},
			by:   wire("TestAsManyHelpersAreCalledAsPay"),
		},
		{
			name: "stripe-kept-parted", holds: "the next file finds the connections that are on their way back from the one before",
			cuts: []cut{{"transfer/sftp/kept.go", "if h.parted == 0 {", "if h.parted >= 0 {"}},
			by:   sftp("TestHelpersAreKeptForTheNextFile"), hangs: 60 * time.Second,
		},
		{
			name: "stripe-kept-makes-room", holds: "a further connection that is kept for the next file goes when somebody waits for one",
			cuts: []cut{{"transfer/sftp/kept.go", "\t\tcase <-ctx.Done():\n\t\tcase <-w.wire", "\t\tcase <-s.helpers.ctx.Done():\n\t\t\t_ = ctx\n\t\tcase <-w.wire"}},
			by:   sftp("TestHelpersThatAreKeptMakeRoom"),
		},
		{
			name: "stripe-kept-end", holds: "no further connection outlives its session",
			cuts: []cut{{"transfer/sftp/session.go", "\ts.helpers.end()\n", ""}},
			by:   sftp("TestHelpersAreKeptForTheNextFile"), hangs: 20 * time.Second,
		},
		{
			name: "stripe-limit", holds: "a server that takes fewer connections is not asked for more again and again",
			cuts: []cut{{account, " && (a.used < a.most || !now.Before(a.until))", ""}},
			by:   sftp("TestServersThatLimitConnections"),
		},
		{
			name: "stripe-password", holds: "a password that a server refuses for further connections is offered once",
			cuts: []cut{{helpers, "len(h.login.creds.passwords) > 0 && !a.isShared(h.mark) || a.isDoubted(h.mark) {", "a == nil {"}},
			by:   sftp("TestManyFilesTryARefusedPasswordOnce"),
		},
		{
			name: "stripe-log", holds: "what a server says to a further connection is logged without our password",
			cuts: []cut{{helpers, "s.way.redact(&job.Reason{Technical: technical(err)}).Technical", "(&job.Reason{Technical: technical(err)}).Technical"}},
			by:   sftp("TestHelpersTellNoSecret"),
		},
	}
}
