package pgp

import (
	"bytes"
	"strings"

	"github.com/haulier/haulier/job"
)

// Binary gives the public part of a key without armor, for programs that take only that.
func Binary(k job.Key) ([]byte, error) {
	e, err := loadPublic(k)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := e.Serialize(&b); err != nil {
		return nil, reasonKeyUnreadable(keyName(k), err)
	}
	return b.Bytes(), nil
}

// Spaced writes a fingerprint in groups of four, as people compare it over the telephone.
func Spaced(fingerprint string) string {
	var groups []string
	for len(fingerprint) > 4 {
		groups = append(groups, fingerprint[:4])
		fingerprint = fingerprint[4:]
	}
	groups = append(groups, fingerprint)
	if len(groups) == 10 {
		return strings.Join(groups[:5], " ") + "  " + strings.Join(groups[5:], " ")
	}
	return strings.Join(groups, " ")
}
