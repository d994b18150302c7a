package main

import (
	"context"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/notify"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
)

// ownOptions are those for a configuration of this machine: what its references to secrets name may be looked at.
func ownOptions(known config.Known) config.Options {
	o := configOptions(known)
	o.CheckShout = shoutFault
	return o
}

// shoutFault judges a URL of shoutrrr that is given by the environment or a file; one that is stored is judged when it is used.
func shoutFault(ref job.SecretRef, allowPrivate bool) string {
	if ref.From == job.SecretStored {
		return ""
	}
	target, err := control.Vault{}.Reveal(context.Background(), ref)
	if err != nil {
		return "" // that is told by itself
	}
	defer target.Wipe()
	return notify.ShoutFault(string(target.Reveal()), allowPrivate)
}

// configOptions lends the configuration what the other packages know.
func configOptions(known config.Known) config.Options {
	return config.Options{
		CheckTemplate: func(text string) error { _, err := naming.ParseTemplate(text); return err },
		CheckPattern:  func(text string) error { _, err := naming.ParsePattern(text); return err },
		CheckHostKey:  sftp.CheckPin,
		Known:         known,
	}
}
