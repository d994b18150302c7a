package pgp

import (
	"bytes"
	"fmt"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// lockMost bounds what opening a locked key may cost by Argon2, in passes over a KiB: four over one GiB. RFC 9580 lets a
// key ask for 255 over two TiB, and a process that asks the system for that is ended.
const lockMost = 4 << 20

// unlockable says why a locked key is not tried: nothing but the passphrase may stand in the way of opening it.
func unlockable(e *openpgp.Entity) error {
	parts := []*packet.PrivateKey{e.PrivateKey}
	for _, sub := range e.Subkeys {
		parts = append(parts, sub.PrivateKey)
	}
	for _, part := range parts {
		if part == nil || !part.Encrypted {
			continue
		}
		if passes, memory := argon2Of(part); passes*memory > lockMost || memory > lockMost/4 {
			return fmt.Errorf("its lock asks for %d passes over %d MiB of memory, and at most %d MiB are lent", passes, memory>>10, lockMost>>12)
		}
	}
	return nil
}

// argon2Of gives the passes, and the memory in KiB, that a part is locked with; zero: it is locked in another way. The
// library has no word for it, so it is read from where the part's public half ends (RFC 9580, 5.5.3).
func argon2Of(k *packet.PrivateKey) (passes, memory uint64) {
	var public, whole bytes.Buffer
	if k.PublicKey.SerializeForHash(&public) != nil || k.Serialize(&whole) != nil {
		return 0, 0
	}
	head := 3 // 0x99 and a length of two octets; of four in later versions
	lock := 3 // behind usage, cipher and mode, each of one octet; later versions have lengths between them
	switch k.Version {
	case 5:
		head, lock = 5, 4
	case 6:
		head, lock = 5, 5
	}
	_, rest, found := bytes.Cut(whole.Bytes(), public.Bytes()[head:])
	const aead, argon2, length = 253, 4, 20
	if !found || len(rest) < lock+length || rest[0] != aead || rest[lock] != argon2 {
		return 0, 0
	}
	return uint64(rest[lock+17]), 1 << rest[lock+19]
}
