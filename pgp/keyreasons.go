package pgp

import (
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

func reasonNoKey() *job.Reason {
	return reason(SlugKeyMissing,
		"the file was not opened: nothing landed",
		"no private key is at hand",
		"name a key in `decrypt_with`",
		job.WhoUs, nil)
}

func reasonKeyMissing(k job.Key) *job.Reason {
	return reason(SlugKeyMissing,
		"the file was not processed",
		"the private part of our key "+keyName(k)+" is not at hand",
		"bring it back with `haulier pgp import`, or restore the store from its backup",
		job.WhoUs, nil)
}

func reasonKeyLocked(k job.Key) *job.Reason {
	return reason(SlugKeyLocked,
		"the file was not processed",
		"the private part of our key "+keyName(k)+" is locked with a passphrase",
		"import it again together with its passphrase",
		job.WhoUs, nil)
}

func reasonKeyUnreadable(name string, err error) *job.Reason {
	what := "the key was not taken"
	if name != "" {
		what = "the key " + name + " cannot be used"
	}
	return reason(SlugKeyUnreadable, what,
		"it cannot be read as an OpenPGP key: "+plain(err.Error(), technicalLimit),
		"export it again, for example with `gpg --armor --export KEYID`",
		job.WhoUs, err)
}

func reasonKeyIsPrivate() *job.Reason {
	return reason(SlugKeyPrivate,
		"the key was not taken and nothing of it was kept",
		"this is a private key; only its owner may have it, and it should count as leaked now",
		"ask the customer for the public key, and tell them that the private one was sent",
		job.WhoCustomer, nil)
}

func reasonKeyMany(n int) *job.Reason {
	return reason(SlugKeyMany,
		"the key was not taken",
		fmt.Sprintf("there are %d keys in it, and it is not clear which one is meant", n),
		"ask for one key a file",
		job.WhoCustomer, nil)
}

func reasonKeyExpired(fingerprint string, at time.Time) *job.Reason {
	return reason(SlugKeyExpired,
		"the key was not taken",
		fmt.Sprintf("%s expired on %s", fingerprint, at.UTC().Format(time.DateOnly)),
		"ask the customer to extend it, or for a new one",
		job.WhoCustomer, nil)
}

func reasonKeyRevoked(fingerprint string) *job.Reason {
	return reason(SlugKeyRevoked,
		"the key was not taken",
		fingerprint+" was revoked by its owner",
		"ask the customer for the key that took its place",
		job.WhoCustomer, nil)
}

func reasonKeyCannot(fingerprint, act string) *job.Reason {
	return reason(SlugKeyNoEncrypt,
		"the key was not taken",
		fingerprint+" has no part that may "+act,
		"ask the customer for a key that may, or to add such a subkey",
		job.WhoCustomer, nil)
}

func reasonKeyWeak(fingerprint, algorithm string) *job.Reason {
	return reason(SlugKeyWeak,
		"the key was not taken",
		fmt.Sprintf("%s is %s, which can be broken; the least that is taken is 2048 bits", fingerprint, algorithm),
		"ask the customer for a new key: RSA with 3072 bits or more, or Curve25519",
		job.WhoCustomer, nil)
}

// reasonRecipient turns what is wrong with a key into why a file was not sealed.
func reasonRecipient(k job.Key, err *job.Reason) *job.Reason {
	return reason(SlugRecipientKey,
		"the file was not encrypted and nothing was sent",
		"the key "+keyName(k)+" cannot be encrypted to: "+err.Cause,
		fmt.Sprintf("%s; then `haulier pgp import %s FILE --replace`", err.Do, k.Name),
		job.WhoCustomer, err)
}
