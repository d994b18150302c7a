package main

import (
	"strings"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

// profileText is what is known of a server in a line.
func profileText(p job.Profile) string {
	var able, unable []string
	for _, fact := range []struct {
		name string
		is   *bool
	}{
		{"list", p.List}, {"stat", p.Stat}, {"read", p.Read}, {"write", p.Write}, {"rename", p.Rename}, {"rename over", p.RenameOver},
		{"posix-rename", p.PosixRename}, {"remove", p.Remove}, {"mkdir", p.Mkdir}, {"setstat", p.Setstat}, {"fsync", p.Fsync},
		{"statvfs", p.Statvfs}, {"sweeps at once", p.SweepsAtOnce}, {"read once", p.ReadOnce},
	} {
		switch {
		case fact.is == nil:
		case *fact.is:
			able = append(able, fact.name)
		default:
			unable = append(unable, fact.name)
		}
	}
	var parts []string
	if p.Banner != "" {
		parts = append(parts, p.Banner)
	}
	if len(able) > 0 {
		parts = append(parts, "yes: "+strings.Join(able, ", "))
	}
	if len(unable) > 0 {
		parts = append(parts, "no: "+strings.Join(unable, ", "))
	}
	if len(parts) == 0 {
		return "nothing yet"
	}
	return strings.Join(parts, "; ")
}

// pinText is a pinned host key as people compare it: type and fingerprint.
func pinText(line string) string {
	keyType, rest, _ := strings.Cut(line, " ")
	if strings.HasPrefix(rest, "SHA256:") {
		return keyType + " " + rest
	}
	public, _, err := sshkey.ParsePublic([]byte(line))
	if err != nil {
		return keyType
	}
	fingerprint, _ := sshkey.Fingerprints(public)
	return keyType + " " + fingerprint
}
