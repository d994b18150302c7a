package main

import (
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/naming"
)

func heldShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE",
		Short: "What is known of one held file, and where its copy lies",
		Long: "Shows names, sizes, hashes and what its PGP message told, never its content. The copy is the very file that an approval\n" +
			"lets land, or send: look at it, and do not write to it.",
		Args: exactly("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID("file", args[0])
			if err != nil {
				return err
			}
			cfg, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			f, err := s.File(cmd.Context(), id)
			if err != nil {
				return err
			}
			return a.showHeld(cfg, f)
		},
	}
}

// heldFile is one held file as scripts read it.
type heldFile struct {
	Job string `json:"job"`
	Run int64  `json:"run"`
	shownFile
	Source   string        `json:"source"`
	Seen     time.Time     `json:"seen"`
	Received job.Digest    `json:"received"`
	Plain    job.Digest    `json:"plain"`
	Target   string        `json:"target"`         // where it would land, or be sent
	Copy     string        `json:"copy,omitempty"` // of what would
	PGP      *job.Envelope `json:"pgp,omitempty"`
}

func heldOf(cfg *config.Config, f job.File) heldFile {
	h := heldFile{
		Job: f.Job, Run: f.Run, shownFile: shownOf(f), Source: naming.Printable(f.Path, 1000), Seen: f.Seen.UTC(),
		Received: f.Received, Plain: f.Plain, Target: naming.Printable(f.Final, 1000), PGP: f.Envelope,
	}
	if f.Type == job.TypeImport && f.Final != "" {
		h.Target = naming.Printable(filepath.Join(f.Landing, f.Final), 1000)
	}
	if f.Stage != "" {
		dir := filepath.Join(cfg.DataDir, stageDir, f.Job)
		if f.Type == job.TypeImport {
			dir = filepath.Join(f.Landing, local.StageDir)
		}
		h.Copy = naming.Printable(filepath.Join(dir, f.Stage), 1000)
	}
	return h
}

func (a *app) showHeld(cfg *config.Config, f job.File) error {
	h := heldOf(cfg, f)
	if a.json {
		return a.object(h)
	}
	a.printf("file %d  %s  run %d  %s, first seen %s\n", h.ID, h.Job, h.Run, h.State, dayAndTime(f.Seen, cfg.Timezone))
	for _, line := range []struct{ name, text string }{
		{"source", h.Source}, {"target", h.Target}, {"copy", h.Copy}, {"content", digestText(h.Plain)}, {"on the wire", digestText(h.Received)}, {"PGP", envelopeText(h.PGP)},
	} {
		if line.text != "" {
			a.printf("  %-12s %s\n", line.name, line.text)
		}
	}
	if f.Reason != nil {
		a.printf("%s", reasonText(f.Reason, "  ", a.colored(a.stdout)))
	}
	return nil
}

func digestText(d job.Digest) string {
	if d.SHA256 == "" {
		return ""
	}
	return size(d.Size) + ", sha256 " + d.SHA256
}

func envelopeText(e *job.Envelope) string {
	switch {
	case e == nil:
		return ""
	case e.SignedBy != "":
		return "opened with " + e.KeyName + ", signed by " + e.SignedBy
	}
	return "opened with " + e.KeyName + ", not signed by a key that is asked for"
}
