package main

// ofIncidents are the lines that have people told once, in time, and of nothing that they need not hear.
func ofIncidents() []mutant {
	const row, tell, strike = "store/incident_row.go", "store/incident_tell.go", "store/incident_strike.go"
	return []mutant{
		{
			name: "alert-told-once", holds: "an incident that was told is not told again as new",
			cuts: []cut{{tell, "\tcase sayOpened:\n\t\tr.Told = at\n", "\tcase sayOpened:\n"}},
			by:   tests{"store", "TestConformance/IncidentsAreToldOnce"}, short: true,
		},
		{
			name: "alert-recovery-of-told", holds: "nobody hears that something is over that nobody heard of",
			cuts: []cut{{row, "r.Resolved != 0 && (r.Told == 0 || r.Recovery != 0)", "r.Resolved != 0 && r.Recovery != 0"}},
			by:   tests{"store", "TestConformance/IncidentsAreOneACause"},
		},
		{
			name: "alert-acked", holds: "nobody is reminded of what somebody has taken on",
			cuts: []cut{{row, "\tcase r.Acked != 0:\n\t\treturn \"\", 0\n", ""}},
			by:   tests{"store", "TestConformance/PeopleQuietenIncidents"},
		},
		{
			name: "alert-ladder", holds: "a failure of the network is told when its attempts have failed",
			cuts: []cut{{strike, "case failures > most, failures == most && k.Until.IsZero():", "case failures >= most:"}},
			by:   tests{"store", "TestConformance/IncidentsWaitForTheirThreshold"},
		},
		{
			name: "alert-done-again", holds: "a run that is done again after a death of the process is one failure of those that a threshold counts",
			cuts: []cut{{strike, "if chain == 0 || chain > r.Chain {", "if chain != r.Chain {"}},
			by:   tests{"control", "TestARunThatIsDoneAgainIsOneFailure"},
		},
		{
			name: "alert-held", holds: "a run that passes a held file by does not end its incident",
			cuts: []cut{{"store/rejected.go", "WHERE state = 'held' AND job = @job AND reason <> ''\n\tAND", "WHERE state = 'held' AND job = @job AND reason = ''\n\tAND"}},
			by:   tests{"store", "TestConformance/HeldFilesKeepTheirIncident"},
		},
	}
}
