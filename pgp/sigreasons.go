package pgp

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"

	"github.com/haulier/haulier/job"
)

func reasonSignatureMissing() *job.Reason {
	return reason(SlugSigMissing,
		"the file is not signed and was not taken: nothing landed",
		"the job asks for a signature (`signed_by`) and the message has none",
		"ask the customer to sign and encrypt, as `gpg --sign --encrypt` does",
		job.WhoCustomer, nil)
}

func reasonSignatureUnknown(signers []string, ring openpgp.EntityList) *job.Reason {
	var want []string
	for _, e := range ring {
		if id := keyID(e.PrimaryKey.KeyId); !slices.Contains(want, id) { // several versions of one key
			want = append(want, id)
		}
	}
	return reason(SlugSigUnknown,
		"the file is signed by a key that is not the agreed one and was not taken: nothing landed",
		"signed by "+recipients(signers, 0)+"; expected "+recipients(want, 0),
		"ask the customer whether they have a new signing key, and for its public part",
		job.WhoCustomer, nil)
}

func reasonSignatureBad(id string, err error) *job.Reason {
	cause := "the signature"
	if id != "" {
		cause += " by " + id
	}
	if errors.As(err, new(finding)) {
		cause += " does not count: " + err.Error()
	} else {
		cause += " does not match the content"
	}
	return reason(SlugSigBad,
		"the file has a signature that does not hold and was not taken: nothing landed",
		cause,
		"ask the customer to sign and send it again; if it happens again, find out who signs in their name",
		job.WhoCustomer, err)
}

func reasonSignatureRevoked(id string) *job.Reason {
	return reason(SlugSigBad,
		"the file is signed by a key that its owner has revoked and was not taken: nothing landed",
		"the key "+id+" is revoked",
		"ask the customer for the key that took its place",
		job.WhoCustomer, nil)
}

func reasonSignatureExpired(id string, at time.Time) *job.Reason {
	return reason(SlugSigExpired,
		"the file has a signature that is past its end and was not taken: nothing landed",
		fmt.Sprintf("signed on %s by %s, when the key had expired or with a signature that has expired since", at.UTC().Format(time.DateOnly), id),
		"ask the customer to extend or replace their signing key, and for its public part",
		job.WhoCustomer, nil)
}

func reasonSignatureWeak(id, hash string) *job.Reason {
	return reason(SlugSigWeak,
		"the file has a signature that proves nothing today and was not taken: nothing landed",
		"the signature by "+id+" rests on "+hash+", which can be forged",
		"ask the customer to sign with SHA-256 or better",
		job.WhoCustomer, nil)
}
