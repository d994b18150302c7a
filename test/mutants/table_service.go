package main

// ofTheService are the lines that have a daemon that hangs be seen and restarted.
func ofTheService() []mutant {
	return []mutant{
		{
			name: "watchdog-alive", holds: "a daemon that hangs gives no sign of life, so that it is restarted",
			cuts: []cut{{"cmd/haulier/manager.go", "if err := alive(ctx); err == nil {", "if err := alive(ctx); err == nil || true {"}},
			by:   tests{"cmd/haulier", "TestWatchdogIsFedByTheLivingOnly"}, short: true,
		},
		{
			name: "pulse-silence", holds: "a scheduler that looks at no clock any more is not called alive",
			cuts: []cut{{"control/alive.go", "silent > scheduler.LongestSilence {", "silent > scheduler.LongestSilence && false {"}},
			by:   tests{"control", "TestAlive"},
		},
		{
			name: "pulse-store", holds: "a store that never answers holds up nobody who asks whether the daemon lives",
			cuts: []cut{{"control/alive.go", "go func() { answer <- p.Ask(ctx) }()", "answer <- p.Ask(ctx)"}},
			by:   tests{"control", "TestAlive"},
		},
		{
			name: "death-suspects", holds: "of several runs at work the one that ends the process is given up, and no other",
			cuts: []cut{{"scheduler/death.go", "return s.suspect == nil || !t.suspected()", "return true"}},
			by:   tests{"scheduler", "TestTheOneThatKillsIsFoundAmongMany"}, short: true,
		},
		{
			name: "death-counted", holds: "a run that ends the process does not do so for ever",
			cuts: []cut{{"scheduler/death.go", "	run.Deaths++\n", ""}},
			by:   tests{"scheduler", "TestARunThatKillsTheProcessIsNotStartedForEver"},
		},
		{
			name: "death-carried", holds: "a run that ends the process is found though the next slot takes its place each time",
			cuts: []cut{{"scheduler/turn.go", "t.run.Deaths = max(t.run.Deaths, e.deaths)", ""}},
			by:   tests{"scheduler", "TestDeathsGoOnWithTheSlotThatTakesTheRunsPlace"}, short: true,
		},
	}
}
