package sftp

import (
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

const mostNames = 24 // names of a foreign list that are shown

// list shows names that came from outside.
func list(names []string) string {
	var shownNames []string
	for i, name := range names {
		if i == mostNames {
			shownNames = append(shownNames, "…")
			break
		}
		if name = printable(name); name != "" {
			shownNames = append(shownNames, name)
		}
	}
	if len(shownNames) == 0 {
		return "none"
	}
	return strings.Join(shownNames, ", ")
}

// allowable is the least bad of a server's algorithms that also_allow can let in; empty: none.
func allowable(offered []string) string {
	old := ssh.InsecureAlgorithms()
	for _, name := range slices.Concat(old.HostKeys, old.KeyExchanges, old.Ciphers, old.MACs) {
		if slices.Contains(offered, name) && !strings.Contains(name, "cert") {
			return name
		}
	}
	return ""
}
