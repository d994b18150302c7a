package pgp

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/haulier/haulier/job"
)

// Same says whether two public keys are the same in everything that they say, not only in their fingerprint. The library
// writes the names of a key's owner in any order, so the order of packets counts for nothing.
func Same(a, b job.Key) bool {
	return a.Fingerprint == b.Fingerprint && slices.Equal(packets(a), packets(b))
}

// packets gives the packets of a public key, sorted; one that cannot be read is itself alone.
func packets(k job.Key) []string {
	block, err := armor.Decode(strings.NewReader(k.Public))
	if err != nil {
		return []string{k.Public}
	}
	var all []string
	r := packet.NewOpaqueReader(block.Body)
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(all)
			return all
		}
		if err != nil {
			return []string{k.Public}
		}
		all = append(all, string(rune(p.Tag))+string(p.Contents))
	}
}
