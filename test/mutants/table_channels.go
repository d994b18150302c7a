package main

// ofChannels are the lines that keep what is to be told from being lost, doubled, or sent where it does not belong.
func ofChannels() []mutant {
	notify := func(run string) tests { return tests{"notify", run} }
	store := func(run string) tests { return tests{"store", run} }
	return []mutant{
		{
			name: "outbox-cursor", holds: "deliveries are made once, by whoever moves the cursor over the events",
			cuts: []cut{{"store/outbox.go", `tx.Exec("UPDATE routed SET event = ? WHERE event = ?", to, from)`, `tx.Exec("UPDATE routed SET event = ?", to)`}},
			by:   store("TestConformance/ChannelsBeginWithWhatComes"),
		},
		{
			name: "outbox-new-channel", holds: "a new channel is not sent what was before it",
			cuts: []cut{{"store/outbox.go", "if !found || d.Event.ID <= outlet.After {", "if !found {"}},
			by:   store("TestConformance/ChannelsBeginWithWhatComes"),
		},
		{
			name: "outbox-fallback", holds: "alerts that wait for a channel that fails go to its fallback",
			cuts: []cut{{"store/attempt.go", "\tif err := t.pass(tx, outlets); err != nil {\n\t\treturn err\n\t}\n", ""}},
			by:   store("TestConformance/AlertsGoToTheFallback"),
		},
		{
			name: "over-unheard", holds: "nobody hears that it is over to whom nothing came of the beginning",
			cuts: []cut{{"store/attempt.go", "\tif err := t.endOver(tx); err != nil {\n\t\treturn err\n\t}\n", ""}},
			by:   store("TestConformance/WhoStandsInHearsTheEnd"),
		},
		{
			name: "over-in-turn", holds: "that it is over is not sent before that it began",
			cuts: []cut{{"store/delivery.go", "next <> 0 AND next <= ? AND `+inTurn+` ORDER", "next <> 0 AND next <= ? ORDER"}},
			by:   store("TestConformance/WhoStandsInHearsTheEnd"),
		},
		{
			name: "over-stand-in", holds: "whoever stands in hears of the end only what it heard the beginning of",
			cuts: []cut{{"store/outbox.go", "if d.Event.Type == job.EventAlertResolved {\n\t\tall", "if false {\n\t\tall"}},
			by:   store("TestConformance/WhoHeardNothingHearsNoEnd"),
		},
		{
			name: "over-taken-back", holds: "that it was over is not sent once it is back",
			cuts: []cut{{"store/hearers.go", "\tif err := takeBack(tx, d); err != nil {\n\t\treturn err\n\t}\n", ""}},
			by:   store("TestConformance/WhatIsBackIsHeardByWhoeverHeard"),
		},
		{
			name: "over-on-its-way", holds: "a contact who was just told that it is over hears that it is back",
			cuts: []cut{{"store/hearers.go", "OR next <> 0 OR begun <> 0 THEN", "OR next <> 0 THEN"}},
			by:   store("TestConformance/WhatIsBackFollowsAnEndOnItsWay"),
		},
		{
			name: "over-long", holds: "deliveries of an incident that stands are kept: they say who hears of its end",
			cuts: []cut{{"store/prune_events.go", "(resolved = 0 OR wake <> 0 OR resolved >= ?", "(id < 0 AND resolved >= ?"}},
			by:   store("TestConformance/TheEndOfALongIncidentIsHeard"),
		},
		{
			name: "connection-down-once", holds: "a connection that is down is told as down once",
			cuts: []cut{{"store/connection_down.go", "AND active = 1 AND down = 0 RETURNING", "AND active = 1 RETURNING"}},
			by:   store("TestConformance/ConnectionsGoDownOnce"),
		},
		{
			name: "host-key-told-once", holds: "a changed host key is told once, however often it is shown",
			cuts: []cut{{"store/connection_down.go", "result.RowsAffected == 0 {", "false {"}},
			by:   store("TestConformance/ChangedHostKeysAreTold"),
		},
		{
			name: "connection-up-true", holds: "a connection is not told as up while an account keeps it out",
			cuts: []cut{{"store/connection_down.go", " AND (? <> '' OR NOT EXISTS (\"+kept+\"))\", name, by)", "\", name)"}},
			by:   store("TestConformance/ConnectionsAreUpOnceTheyLogIn"),
		},
		{
			name: "webhook-redirect", holds: "a signed message goes where the configuration says, and nowhere else",
			cuts: []cut{{"notify/dial.go", "CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },", ""}},
			by:   notify("TestAnswersOfReceivers"),
		},
		{
			name: "webhook-address", holds: "an address is judged when it is connected to, after its name was resolved",
			cuts: []cut{{"notify/dial.go", "if err != nil || !allowed(to.Addr(), withPrivate) {", "if err != nil || !to.IsValid() {"}},
			by:   notify("TestNamesAreJudgedWhenTheyAreDialled"),
		},
		{
			name: "mail-taken", holds: "a mail that was taken is not sent again because the goodbye failed",
			cuts: []cut{{"notify/mail.go", "err != nil && !message.IsDelivered() {", "err != nil {"}},
			by:   notify("TestMailServersThatRefuse"),
		},
		{
			name: "contact-letter", holds: "a contact on the other side reads nothing of ours",
			cuts: []cut{{"notify/letter.go", "\tif d.Contact {\n\t\treturn s.contactLetter(d, about)\n\t}\n", ""}},
			by:   notify("TestMailIsToldToUsAndToTheContact"),
		},
	}
}
