package web

import (
	"encoding/json"
	"time"

	"github.com/haulier/haulier/job"
)

// What the OpenAPI document shows as answers.
var (
	exampleNight = time.Date(2026, 11, 24, 1, 15, 0, 0, time.UTC)
	exampleRate  = 0.993

	exampleConnections = ConnectionList{Connections: []Connection{exampleConnection.Connection}, Next: "acme"}
	exampleConnection  = ConnectionShown{
		Connection: Connection{
			Name: "acme", DisplayName: "ACME Retail", Entity: "acme-nv", Host: "sftp.acme.example", Port: 22, User: "platform", State: "active",
			Jobs: []string{"acme-customers"}, LastSuccess: &exampleNight,
		},
		Methods: []string{"publickey"}, Key: "acme", Jump: []string{}, Locations: map[string]Location{"outgoing": {"/export/daily", job.UseDownload}}, Figures: &exampleFigures,
	}
	exampleFigures = ConnectionFigures{
		Window: "1d", Timezone: "Europe/Brussels", SuccessRate: &exampleRate, Bytes: Volume{Down: 44_023_414_784, Up: 6_657_199_308},
		Requests: Requests{Total: 4211, OK: 4182, Failed: 29, Download: Tally{1351, 29}, Upload: Tally{OK: 2831}},
		Days:     []Point{{Date: "2026-11-24", DownloadOK: 1351, DownloadFailed: 29, UploadOK: 2831, BytesDown: 44_023_414_784, BytesUp: 6_657_199_308}},
	}
	exampleTest = Test{Connection: "acme", Stages: []TestStage{{"name", "ok", 3, "203.0.113.7"}, {"port", "ok", 31, ""}, {"host key", "ok", 88, ""}, {"login", "FAIL", 40, ""}}, Error: &job.Reason{
		Slug: "auth.key_rejected", What: "nothing was moved", Cause: "the server took none of our keys", Do: "ask the customer to install the key: haulier keys show acme", Who: job.WhoCustomer,
	}}
	examplePlan = Plan{
		Job: "acme-customers", Type: job.TypeImport, Next: exampleNight, Counts: map[job.Mark]int{job.MarkTransfer: 1, job.MarkDone: 412}, Left: 412,
		Intents: []job.Intent{{Mark: job.MarkTransfer, Act: "download", Name: "customers_20261124.csv.pgp", Size: 224_711_021}},
	}
	exampleSheet    = Sheet{json.RawMessage(`{"Connection":"acme","Host":"sftp.acme.example","Port":22,"User":"platform","Egress":["203.0.113.10"]}`)}
	exampleLink     = SheetLink{"https://haulier.example/sheet/TOKEN", exampleNight.AddDate(0, 0, 14)}
	exampleFilledIn = FilledInList{Incident: 12, Answers: []FilledIn{{
		ID: 3, At: exampleNight, Language: "fr", Link: LinkFollowed{"olivia", exampleNight.AddDate(0, 0, -2)},
		Fields: []FilledField{{"host", "Host name", "sftp2.acme.example", "sftp.acme.example", false}, {"port", "TCP port", "22", "22", true}},
	}}}
	exampleMade = KeyMade{
		Name: "acme", Version: 2, Type: "ed25519", Slot: job.SlotCurrent, Fingerprint: "SHA256:DYgyPgDDQmCTHv4xfsD4rpGEZo1s2E6cNXr6Ll0xbYc", Created: exampleNight.AddDate(0, 0, -40), AgeDays: 40,
		LastUsed: exampleNight, Origin: "generated", Connections: []string{"acme"},
	}
	exampleKeys    = SSHKeyList{Keys: []SSHKey{{exampleMade, "ssh-ed25519 AAAAC3… acme@2"}}}
	examplePGPKeys = PGPKeyList{Keys: []PGPKey{{
		KeyMade: KeyMade{
			Name: "acme-out", Version: 1, Type: "rsa-4096", Slot: job.SlotCurrent, Fingerprint: "93C1F1E0B3A6C16A7D7C3B0F5C482A6D92FE8389", Created: exampleNight.AddDate(-1, 0, 0), AgeDays: 365,
			Origin: "imported", Connections: []string{"acme"},
		},
		UserIDs: []string{"ACME IT <it@acme.example>"}, KeyIDs: []string{"5C482A6D92FE8389"}, Expires: exampleNight.AddDate(1, 0, 0), Armored: "-----BEGIN PGP PUBLIC KEY BLOCK-----…",
	}}}
)

const exampleFingerprint = "SHA256:uNiVztksCsDhcc0u9e8BrQuXVuSMEyBwFVZ1gJ8GZ3w"

func exampleHostKeys(pinned ...string) HostKeys {
	const key = "ssh-ed25519 AAAAC3…"
	return HostKeys{
		Connection: "acme", Pinned: pinned,
		ServerKeys: ServerKeys{
			Address: "[sftp.acme.example]:22", From: "store",
			Keys:  []HostKey{{"ssh-ed25519", exampleFingerprint, key, exampleNight, "ann", "trust"}},
			Shown: []HostKeyShown{{"ssh-ed25519", exampleFingerprint, key, true, exampleNight, exampleNight, 1}},
		},
	}
}
