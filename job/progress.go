package job

// Progress is a sign of life of a run, for whoever watches it. It is told, never kept.
type Progress struct {
	Run    int64  `json:"run"`
	Job    string `json:"job"`
	File   int64  `json:"file,omitempty"`
	Name   string `json:"name,omitempty"` // printable
	Stage  Stage  `json:"stage"`
	Done   int64  `json:"done"`  // bytes of the file so far
	Total  int64  `json:"total"` // bytes of the file; -1: not known
	State  State  `json:"state,omitempty"`
	Detail string `json:"detail,omitempty"`
	Before bool   `json:"before,omitempty"` // an earlier run brought the file to State; this one saw to its source

	Reason *Reason `json:"error,omitempty"`
}

// Stage is what is being done to a file.
type Stage string

// The stages of a file in a run.
const (
	StageList     Stage = "list"
	StageWait     Stage = "wait"
	StageDownload Stage = "download"
	StageDecrypt  Stage = "decrypt"
	StageEncrypt  Stage = "encrypt"
	StageUpload   Stage = "upload"
	StageEnd      Stage = "end" // the file has reached State
)
