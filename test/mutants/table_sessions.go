package main

import "time"

// ofSessions are the lines that decide whom a login is given to, how often, and how long anybody waits.
func ofSessions() []mutant {
	const login, breaker, watch = "transfer/sftp/login.go", "transfer/sftp/breaker.go", "transfer/sftp/watch.go"
	sftp := func(run string) tests { return tests{"transfer/sftp", run} }
	return []mutant{
		{
			name: "host-key", holds: "nothing of ours is said to a server whose host key is not pinned",
			cuts: []cut{{"transfer/sftp/hostkey.go", "\tif !ok {\n\t\th.trace.done(stageSSH, h.clean(h.line.serverVersion()))\n\t\treturn errHostKey", "\tif !ok {\n\t\th.trace.done(stageSSH, h.clean(h.line.serverVersion()))\n\t\treturn nil"}},
			by:   sftp("TestChangedHostKeyStopsBeforeTheLogin|TestUnknownHostKeyIsShownAndNothingSent"), short: true,
		},
		{
			name: "password-day", holds: "a password is not given any more once the one that follows it has its day behind it",
			cuts: []cut{{"transfer/sftp/passwords.go", "\tcase !now.Before(s.From.Add(aroundChange)):\n\t\treturn []password{after}\n", ""}},
			by:   sftp("TestPasswordIsChangedOnItsDay"),
		},
		{
			name: "host-key-type", holds: "a pinned server is asked for the pinned type of key and for no other",
			cuts: []cut{{"transfer/sftp/pins.go", "\t\tif p.has(t) {", "\t\tif true {"}},
			by:   sftp("TestEachPinnedTypeIsAskedFor"),
		},
		{
			name: "host-key-proof", holds: "a further host key is pinned only when the server proved that it holds it",
			cuts: []cut{{"transfer/sftp/rotation.go", "\tdata = appendString(data, key.Marshal())\n\treturn key.Verify(data, &signature)", "\treturn nil"},
				{"transfer/sftp/rotation.go", "\tdata := appendString(nil, []byte(proveHostKeys))\n\tdata = appendString(data, session)\n", ""}},
			by: sftp("TestUnprovenHostKeyIsNotPinned"),
		},
		{
			name: "host-keys-of-yaml", holds: "nothing is added to host keys that stand in the configuration",
			cuts: []cut{{"transfer/sftp/hop.go", "if r.Type == announceHostKeys && !h.pins.exclusive {", "if r.Type == announceHostKeys {"}},
			by:   sftp("TestExclusivePinsAreNotAddedTo"),
		},
		{
			name: "sha1-signatures", holds: "an RSA host key proves itself by SHA-2 unless also_allow says otherwise",
			cuts: []cut{{"transfer/sftp/algorithms.go", "\tif slices.Contains(alsoAllow, ssh.KeyAlgoRSA) {", "\tif true {"}},
			by:   sftp("TestOldSignatureNeedsPermission"),
		},
		{
			name: "old-algorithms", holds: "broken ciphers and key exchanges are offered only where also_allow names them",
			cuts: []cut{{"transfer/sftp/algorithms.go", "return !slices.Contains(alsoAllow, name) })", "return false })"}},
			by:   sftp("TestTransportPutsOldAlgorithmsLastAndOnlyWhenAllowed"),
		},
		{
			name: "password-once", holds: "a password is given once a login, whatever the server asks",
			cuts: []cut{{login, "if !alone || l.answered {", "if !alone {"}},
			by:   sftp("TestNoPasswordForAQuestionForACode"),
		},
		{
			name: "password-echo", holds: "a password is not given to a question whose answer the server shows",
			cuts: []cut{{login, "len(questions) == 1 && !echos[0] && strange < 0", "len(questions) == 1 && strange < 0"}},
			by:   sftp("TestUnexpectedQuestions"),
		},
		{
			name: "password-for-a-code", holds: "a question for a code gets no password",
			cuts: []cut{{login, "len(questions) == 1 && !echos[0] && strange < 0", "len(questions) == 1 && !echos[0]"}},
			by:   sftp("TestNoPasswordForAQuestionForACode"),
		},
		{
			name: "password-behind-a-code", holds: "where a code is asked for behind a password, the other password is not given too",
			cuts: []cut{{login, "\t\tl.asked = !again\n", ""}},
			by:   sftp("TestNoPasswordForAQuestionForACode"),
		},
		{
			name: "closed-is-counted", holds: "a server that closes the line behind a wrong password hears it once, not at every try",
			cuts: []cut{{"transfer/sftp/reasons_auth.go", "\th.refused = h.unanswered(method, err)\n\treturn h.refused\n", "\treturn h.lostReason(err)\n"}},
			by:   sftp("TestClosedBehindTheOnlyPassword|TestOtherPasswordIsHeardByAServerThatHangsUp"),
		},
		{
			name: "closed-beside-a-session", holds: "where another session stands with the same credentials, a line that is closed opens no breaker",
			cuts: []cut{{"transfer/sftp/reasons_auth.go", "if h.pool.account(h.account()).stands(h.mark) {", "if false {"}},
			by:   sftp("TestAnotherSessionVouchesForThePassword"),
		},
		{
			name: "cut-is-no-refusal", holds: "a line that ends behind an answer which was no refusal opens no breaker",
			cuts: []cut{{"transfer/sftp/reasons_auth.go", "\tcase h.login.cut && !h.refusedLast(", "\tcase false && !h.refusedLast("}},
			by:   sftp("TestLineThatEndsBehindAnAnswer"),
		},
		{
			name: "password-redacted", holds: "a server that repeats our password does not bring it into reasons, mails and logs",
			cuts: []cut{{"transfer/sftp/redact.go", "\t\t\t*text = clean\n", "\t\t\t_ = clean\n"}},
			by:   sftp("TestAServerCannotMakeUsRepeatOurPassword"),
		},
		{
			name: "breaker", holds: "an account that was refused is left alone for its time",
			cuts: []cut{{breaker, "if !e.always && e.pool.blocks(b, h.mark) {", "if false {"}},
			by:   sftp("TestBreakerLetsOneLoginThroughAfterItsTimes"),
		},
		{
			name: "breaker-gate", holds: "a wrong password is tried once, not by every job at the same time",
			cuts: []cut{{breaker, "; !a.isProven(h.mark) {", "; false && !a.isProven(h.mark) {"}},
			by:   sftp("TestManyJobsTryAWrongPasswordOnce"),
		},
		{
			name: "gate-order", holds: "two ways over the same accounts, the one the other way round, do not wait for each other for ever",
			cuts: []cut{{breaker, "return strings.Compare(pinAddress(job.Endpoint{Host: a.name.Host", "return -strings.Compare(pinAddress(job.Endpoint{Host: a.name.Host"}},
			by:   sftp("TestHelpersTakeTheGatesInOneOrder"),
		},
		{
			name: "denied-network", holds: "a name that leads into a forbidden network is not dialled",
			cuts: []cut{{"transfer/sftp/dial.go", "\t\treturn denied(address, deny)\n", "\t\treturn nil\n"}},
			by:   sftp("TestDialFailuresAreToldApart"),
		},
		{
			name: "dial-deadline", holds: "a server that does not take the connection is given up",
			cuts: []cut{{"transfer/sftp/dial.go", "context.WithTimeout(ctx, h.timeouts.Connect)", "context.WithCancel(ctx)"}},
			by:   sftp("TestProxyThatNeverAnswers|TestDialFailuresAreToldApart"), hangs: 20 * time.Second,
		},
		{
			name: "handshake-deadline", holds: "a server that says nothing between connection and SFTP is given up",
			cuts: []cut{{"transfer/sftp/connect.go", "w.life.guard(ctx, h.timeouts.Handshake, errHandshake)", "w.life.guard(ctx, 0, errHandshake)"}},
			by:   tests{"transfer", "TestNoSessionWithALyingServer"}, hangs: 30 * time.Second,
		},
		{
			name: "stall-deadline", holds: "a transfer of which no byte moves is ended",
			cuts: []cut{{watch, "case now.Sub(alive) >= bounds.Stall:", "case now.Sub(alive) < 0:"}},
			by:   sftp("TestStallEndsATransfer"), hangs: 20 * time.Second,
		},
		{
			name: "floor-rate", holds: "a transfer that drips is ended",
			cuts: []cut{{watch, "if float64(seen[samples]-seen[0]) < float64(bounds.Floor)*bounds.FloorOver.Seconds() {", "if false {"}},
			by:   sftp("TestDripEndsATransfer"), hangs: 20 * time.Second,
		},
		{
			name: "keepalive", holds: "a line that died between two requests is noticed",
			cuts: []cut{{"transfer/sftp/keepalive.go", "if k.answered.Load() && min(open, h.line.idle()) >= h.timeouts.Stall {", "if open < 0 {"}},
			by:   sftp("TestDeadLineIsNoticedBetweenRequests"), hangs: 20 * time.Second,
		},
		{
			name: "operation-deadline", holds: "a look, a rename or a delete that is not answered is given up",
			cuts: []cut{{"transfer/sftp/connect.go", ", RequestTimeout: w.last().timeouts.Operation}", "}"}},
			by:   sftp("TestLostAnswers"), hangs: 20 * time.Second,
		},
		{
			name: "close-bound", holds: "the farewell to a server that does not answer is bounded",
			cuts: []cut{{"transfer/sftp/connect.go", "\tstop := context.AfterFunc(ctx, func() { w.life.cut(errClosed) })\n\tdefer stop()\n\tfor", "\tfor"}},
			by:   sftp("TestCloseWaitsForNoServer"), hangs: 20 * time.Second,
		},
		{
			name: "listing-limit", holds: "limits.max_entries bounds a listing",
			cuts: []cut{{"transfer/sftp/session.go", "if count++; limit > 0 && count > limit {", "if count++; false {"}},
			by:   sftp("TestListingIsCapped"), hangs: 20 * time.Second,
		},
	}
}
