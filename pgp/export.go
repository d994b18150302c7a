package pgp

import "strings"

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
