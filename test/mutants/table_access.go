package main

// ofAccess are the lines that let nobody see or do over the network what is not theirs.
func ofAccess() []mutant {
	const gate, identity, session = "web/access/gate.go", "web/access/identity.go", "web/access/session.go"
	table := func(run string) tests { return tests{"test/access", run} }
	own := func(run string) tests { return tests{"web/access", run} }
	return []mutant{
		{
			name: "access-role", holds: "a viewer does not act", short: true,
			cuts: []cut{{gate, "\tif !who.Role.May(to.Role) {\n\t\treturn who, wantsRole(who.Role, to.Role)\n\t}\n", ""}},
			by:   table("TestEveryRouteAsEverybody"),
		},
		{
			name: "access-scope", holds: "what belongs to another is not there",
			cuts: []cut{{gate, "if !found || !who.Sight.Sees(entity) {", "if !found || entity == \"\" {"}},
			by:   table("TestEveryRouteAsEverybody"),
		},
		{
			name: "access-whole", holds: "who sees some does not see all",
			cuts: []cut{{gate, "\tcase to.Scope == route.ScopeWhole:\n\t\treturn wantsWhole()\n", "\tcase to.Scope == route.ScopeWhole:\n\t\treturn nil\n"}},
			by:   table("TestEveryRouteAsEverybody"),
		},
		{
			name: "access-watched", holds: "a stream ends with the right to watch it",
			cuts: []cut{{"web/access/watched.go", "\t\t\tif !g.still(r, to, who) {\n\t\t\t\treturn\n\t\t\t}\n", ""}},
			by:   own("TestStreamEndsWithTheRightToWatchIt"),
		},
		{
			name: "access-kept", holds: "content that the audit list cannot have is not given out",
			cuts: []cut{{"web/route/kept.go", "\t\tk.refuse(k.failed)\n\t\treturn\n", ""}},
			by:   tests{"web", "TestContentThatIsWrongNeverEndsWell"},
		},
		{
			name: "access-session-idle", holds: "a session that nobody uses ends",
			cuts: []cut{{session, " || now.Sub(s.Seen) >= g.Idle", ""}},
			by:   own("TestSessionsEnd"),
		},
		{
			name: "access-session-absolute", holds: "a session ends however much it is used",
			cuts: []cut{{session, "now.Sub(s.Begun) >= g.Absolute || ", ""}},
			by:   own("TestSessionsEnd"),
		},
		{
			name: "access-token-expiry", holds: "a token ends",
			cuts: []cut{{identity, "\tcase !now.Before(t.Expires):\n\t\treturn route.Identity{}, tokenExpired(t)\n", ""}},
			by:   own("TestTokensThatAreNoGood"),
		},
		{
			name: "access-token-secret", holds: "the public half of a token proves nothing",
			cuts: []cut{{identity, "case subtle.ConstantTimeCompare(hash, hashOf(text)) != 1, !t.Revoked.IsZero():", "case len(hash) == subtle.ConstantTimeEq(0, 1), !t.Revoked.IsZero():"}},
			by:   own("TestTokensThatAreNoGood"),
		},
		{
			name: "access-cross-site", holds: "pages of others have nothing done here",
			cuts: []cut{{gate, "\tif g.cross.Check(r) != nil {\n\t\treturn crossSite()\n\t}\n", ""}},
			by:   own("TestRequestsOfOtherSites"),
		},
		{
			name: "access-oidc-browser", holds: "a login at the provider ends in the browser that began it, and in no other",
			cuts: []cut{{"web/access/attempt.go", "sealed, []byte(browser))", "sealed, nil)"}, {"web/access/attempt.go", "text, []byte(browser)))", "text, nil))"}},
			by:   own("TestStatesAreSealed"),
		},
		{
			name: "access-password-race", holds: "whose password was changed while it was looked at is not let in",
			cuts: []cut{{"store/session.go", "\tif u.Password != password {\n\t\treturn job.ErrStale\n\t}\n", ""}},
			by:   tests{"store", "TestConformance"},
		},
		{
			name: "act-line", holds: "what a person asks of the store is not done without its line in the audit list",
			cuts: []cut{{"store/audit.go", "return t.AddAudit(ctx, l)", "_ = t.AddAudit(ctx, l)\n\t\treturn nil"}},
			by:   table("TestNoCommandActsWithoutItsLine"),
		},
		{
			name: "act-line-first", holds: "a run is cancelled only once the audit list has who asked",
			cuts: []cut{{"control/daemon.go", "\tif err == nil {\n\t\terr = d.Store.AddAudit(ctx, line)\n\t}\n", ""}},
			by:   table("TestWhatEachActComesTo"),
		},
		{
			name: "access-host", holds: "a name of others that points here is not answered",
			cuts: []cut{{gate, "\tif !g.ours(r.Host) {\n\t\treturn wrongHost()\n\t}\n", ""}},
			by:   own("TestHostsOfOthersAreNotAnswered"),
		},
	}
}
