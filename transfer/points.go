package transfer

import "github.com/haulier/haulier/job"

// points names the moment at which a row reaches a step, by its code in docs/state-machine.md. Codes that stand for more
// than the row have a second part.
var points = map[job.Type]map[job.Step]string{
	job.TypeImport: {
		job.StepSeen: "C2.back", job.StepClaimed: "C4.row", job.StepDownloaded: "C7", job.StepChecked: "C9.row", job.StepLanding: "C10", job.StepLanded: "C12",
		job.StepRetiring: "C13.row",
		job.StepDone:     "C14",
	},
	job.TypeExport: {
		job.StepSeen: "X1.back", job.StepQueued: "X1", job.StepSealed: "X2", job.StepSending: "X3", job.StepUploaded: "X5",
		job.StepRenaming: "X6.row", job.StepDelivered: "X8", job.StepDone: "X9",
	},
}
