package config

// alertTable says who is told of incidents. Only the global one has defaults; a job's takes what it lacks from there.
func alertTable(global bool) field {
	told := func(key, of, example string) field {
		f := listOf(key, field{kind: kRef, example: example}, "Channels that are told "+of+".")
		f.unset = "nobody"
		return f
	}
	recovered := told("recovered", "that it is over", "ops-mail")
	recovered.help = "Of the channels that were told that it began, those that are told that it is over. One that was told in place of another always is."
	recovered.unset = "all of them"
	f := object("alert", "Who is told of late, missing, failed and recovered jobs. One cause is told once, however many jobs it touches and "+
		"however often it strikes.",
		told("late", "of files that are not there when they are expected, and still may come in time", "ops-mail"),
		told("missing", "of files that did not come in time", "oncall"),
		told("failed", "of all other incidents; those of no job, such as keys that expire, go where defaults say", "oncall"),
		recovered,
		field{key: "remind_every", kind: kDuration, def: "12h",
			help: "Time between two reminders of an incident that nobody has taken on (haulier alerts ack). 0s = no reminders. Of several jobs' the shortest counts."},
		field{key: "after", kind: kCount, def: "1", min: 1, max: 1000,
			help: "At which failed run of a job in a row people are told. The attempts of one slot are one failure."})
	return inherited(f, global)
}
