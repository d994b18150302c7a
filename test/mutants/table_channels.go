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
