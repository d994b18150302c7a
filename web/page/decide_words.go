package page

import "github.com/haulier/haulier/job"

// noted ends what is said of every decision.
const noted = "Your name and your reason go to the audit list. It cannot be taken back."

// stays says what becomes of the source of a file that is moved no more, and of what lies here of it.
func stays(f job.File) string {
	if f.Spent && f.Kept != "" {
		return "The server does not have it any more: the copy that is kept here, the only one, is removed a day later."
	}
	return "Its source stays where it is; what lies here of it in the stage is removed a day later."
}

func landed(f job.File) choice {
	return choice{job.AsLanded, "It has landed…", "Yes, it has landed", []string{
		"It counts as landed from now on. Say so only if you have seen it there, whole.",
		"Nothing is moved by that, and this version is not fetched again.", stays(f), noted,
	}}
}

func fetchAgain(f job.File, spec *job.Spec) choice {
	comes := []string{"The next run of " + f.Job + " fetches it once more, from the beginning, as it is on the server then."}
	if f.Spent && f.Kept != "" && slugOf(f.Reason) != "local.stage_lost" {
		comes[0] = "The next run of " + f.Job + " goes on with the copy that is kept here: the server does not have it any more."
	}
	twice := "If it has landed before, it comes a second time."
	if spec != nil && spec.Import != nil {
		twice = "If it has landed before, it comes a second time" + map[job.IfExists]string{
			job.ExistsVersion: ", beside the first under a name of its own.", job.ExistsReplace: ", in the place of the first.", job.ExistsFail: ", unless its name is still taken: then it fails.",
		}[spec.Import.IfExists]
	}
	return choice{job.AsAgain, "Fetch it again…", "Yes, fetch it again", append(comes, twice, noted)}
}

func delivered(f job.File, spec *job.Spec) choice {
	comes := []string{"It counts as delivered from now on, its proof as assumed. Say so only if the customer has it, whole."}
	switch {
	case f.Step != job.StepSealed && f.Step != job.StepSending && f.Step != job.StepUploaded && f.Step != job.StepRenaming && f.Received.SHA256 == "":
		comes = append(comes, "Nothing is sent. Its source stays in the outbox, and this version is not taken again.")
	case spec != nil && spec.Export != nil:
		next := "The next run of " + f.Job + " will "
		if spec.Export.Marker != "" {
			next += "leave the done-file, and "
		}
		comes = append(comes, next+printable(retire(spec.Export.AfterSuccess, "its source"), proseMost)+". The file itself is not sent again.")
	default:
		comes = append(comes, "The file itself is not sent again.")
	}
	return choice{job.AsDelivered, "The customer has it…", "Yes, the customer has it", append(comes, noted)}
}

func sendAgain(f job.File) choice {
	return choice{job.AsAgain, "Send it again…", "Yes, send it again", []string{
		"The next run of " + f.Job + " sends it once more, from the beginning. If the customer has it already, they get it twice.", noted,
	}}
}

func neverMind(f job.File) choice {
	return choice{job.AsDrop, "Never mind it…", "Yes, never mind it", []string{
		"This version is never moved.", stays(f),
		"A newer version under its name is taken by itself.", noted,
	}}
}

func letBe(f job.File) choice {
	return choice{job.AsDrop, "Let it be…", "Yes, let it be", []string{
		"Nobody waits any more for this version to be put right. The alert about it ends with the last such file.", stays(f),
		"A newer version under its name is taken by itself.", noted,
	}}
}
