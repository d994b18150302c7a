package main

// ofTheMonth are the lines without which somebody is told more than once of what happens once, seen by those who are told.
func ofTheMonth() []mutant {
	month := tests{"test/month", "TestAMonthOfFortyJobs"}
	const tell = "store/incident_tell.go"
	return []mutant{
		{
			name: "reminder-interval", holds: "people are reminded as often as they asked for, and not at each look of the clock",
			cuts: []cut{{tell, "r.Remind = micros(now.Add(m.RemindEvery))", "r.Remind = at"}},
			by:   month,
		},
		{
			name: "recovery-once", holds: "that something is over is told once",
			cuts: []cut{{tell, "\tcase sayResolved:\n\t\tr.Recovery = at\n", "\tcase sayResolved:\n"}},
			by:   month,
		},
		{
			name: "delivery-once", holds: "what was taken is not sent again",
			cuts: []cut{{"store/attempt.go", "string(job.DeliverySent), 0, 0, t.attempt.Detail", "string(job.DeliverySent), t.row.Last, 0, t.attempt.Detail"}},
			by:   month,
		},
		{
			name: "cover-told-once", holds: "of a server that is told with what is missing nobody is reminded at once",
			cuts: []cut{{"store/incident_cover.go", "case r.Recovery == 0 && max(r.Told, r.Reminded) > happened:", "case r.Told < 0:"}},
			by:   tests{"scheduler/expect", "TestAServerToldBehindTheDeadlineIsToldOnce"},
		},
		{
			name: "day-after-day", holds: "the deadline of a day counts though the day before ended late and nothing has run since",
			cuts: []cut{{"scheduler/expect/service.go", "\t\t\tnext = now // another day may begin\n", ""}},
			by:   tests{"scheduler/expect", "TestTheNextDayBeginsWhenOneHasEnded"},
		},
		{
			name: "channel-not-itself", holds: "that a channel fails is not told by itself",
			cuts: []cut{{"notify/route.go", "told[d.Channel] || d.Channel == dead ||", "told[d.Channel] ||"}},
			by:   tests{"notify", "TestAChannelIsNotToldOfItself"},
		},
	}
}
