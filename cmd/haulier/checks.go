package main

import (
	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
)

// configOptions lends the configuration what the other packages know.
func configOptions(known config.Known) config.Options {
	return config.Options{
		CheckTemplate: func(text string) error { _, err := naming.ParseTemplate(text); return err },
		CheckPattern:  func(text string) error { _, err := naming.ParsePattern(text); return err },
		CheckHostKey:  sftp.CheckPin,
		Known:         known,
	}
}
