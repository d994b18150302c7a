package pgp

import (
	"maps"
	"slices"

	"github.com/ProtonMail/gopenpgp/v2/crypto"
)

const (
	userIDsMost = 20  // of a key that are told
	userIDMost  = 200 // bytes of one
)

// UserIDs tells whose a public key says that it is: printable, bounded, sorted. Nobody has proven it; of what is no key it is nothing.
func UserIDs(armored string) []string {
	key, err := crypto.NewKeyFromArmored(armored)
	if err != nil {
		return []string{}
	}
	ids := slices.Sorted(maps.Keys(key.GetEntity().Identities))
	ids = ids[:min(len(ids), userIDsMost)]
	for i, id := range ids {
		ids[i] = plain(id, userIDMost)
	}
	return slices.Clip(append([]string{}, ids...))
}
