package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// Evidence says where everything lies. Its JSON is what the program test/audit/cmd/audit reads.
type Evidence struct {
	Ledger  string    `json:"ledger"` // the SQLite file
	Imports []Import  `json:"imports"`
	Exports []Export  `json:"exports"`
	Running bool      `json:"running"` // a process works on the ledger: what is open there is not stuck
	Now     time.Time `json:"now,omitzero"`
}

// Server is a customer's server.
type Server struct {
	Root string `json:"root"` // folder of the disk that its users see as "/"
	Log  string `json:"log"`  // what transfer/sftptest wrote to Options.LogTo
}

// Import is the evidence about one import job.
type Import struct {
	Job       string        `json:"job"`
	Server    Server        `json:"server"`
	Dir       string        `json:"dir"`     // folder of the sources, absolute on the server
	Sources   string        `json:"sources"` // log of Version, by the customer
	Landing   string        `json:"landing"` // folder
	Taken     string        `json:"taken"`   // log of Landing, by the consumer; empty: nobody takes files
	Claim     bool          `json:"claim"`   // the job renames sources aside before it fetches them
	StableFor time.Duration `json:"stable_for"`
}

// Export is the evidence about one export job.
type Export struct {
	Job       string        `json:"job"`
	Server    Server        `json:"server"`
	Dir       string        `json:"dir"`     // folder of the final names, absolute on the server
	Sources   string        `json:"sources"` // log of Version, by the platform
	Outbox    string        `json:"outbox"`  // folder
	Archive   string        `json:"archive"` // folder to which sources are moved; empty: none
	Opened    string        `json:"opened"`  // log of Opened, by the customer; empty: the ledger is believed which message holds what
	Suffix    string        `json:"suffix"`  // of temporary names; empty: .part
	Ignore    []string      `json:"ignore"`  // globs of final names that are no deliveries: markers
	Resend    bool          `json:"resend"`  // on_lost_reply: resend, so that a version may arrive again
	StableFor time.Duration `json:"stable_for"`
	InPlace   bool          `json:"in_place"` // final names are written directly: only the last write of each is judged as whole or not
}

// Version is a line of a customer's or platform's log: a version that is about to be complete under its name, or the
// removal of that name.
type Version struct {
	Name        string    `json:"name"`
	Size        int64     `json:"size"`
	SHA256      string    `json:"sha256"`                 // of the file
	PlainSHA256 string    `json:"plain_sha256,omitempty"` // imports: of what is in the PGP message that the file is
	MTime       int64     `json:"mtime"`                  // nanoseconds since 1970
	At          time.Time `json:"at"`                     // before it is complete under its name
	Removed     bool      `json:"removed,omitempty"`      // the name is taken away
}

// Landing is a line of the consumer's log: a file that it found in the landing and took.
type Landing struct {
	Name    string    `json:"name"`
	Size    int64     `json:"size"`
	SHA256  string    `json:"sha256"`
	Changed bool      `json:"changed,omitempty"` // it was still written to while it lay there
	CTime   int64     `json:"ctime"`             // of the file as it was found: when it was renamed into the landing; nanoseconds, 0: unknown
	At      time.Time `json:"at"`                // when it was taken
	Taken   string    `json:"taken"`             // its name in the consumer's folder
}

// Opened is a line about a PGP message that the customer opened. Without a plain hash it could not be opened.
type Opened struct {
	SHA256      string `json:"sha256"`
	PlainSHA256 string `json:"plain_sha256"`
}

// lines reads a log of JSON lines. A last line without its end was cut off by a kill, and is left out. No path: no lines.
func lines[T any](path string) ([]T, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []T
	for reader, n := bufio.NewReaderSize(file, 1<<20), 1; ; n++ {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var one T
		if err := json.Unmarshal(line, &one); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		all = append(all, one)
	}
}

// text is how JSON keeps a name: bytes that are no UTF-8 are replaced, one by one.
func text(raw []byte) string { return string([]rune(string(raw))) }
