package pgp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// Slugs of the failures of this package.
const (
	SlugNotEncrypted  = "pgp.not_encrypted"
	SlugWrongKey      = "pgp.wrong_key"
	SlugPasswordOnly  = "pgp.password_only"
	SlugSessionKey    = "pgp.session_key"
	SlugNoIntegrity   = "pgp.no_integrity"
	SlugTruncated     = "pgp.truncated"
	SlugTampered      = "pgp.tampered"
	SlugTrailingData  = "pgp.trailing_data"
	SlugMalformed     = "pgp.malformed"
	SlugTooLarge      = "pgp.too_large"
	SlugTooManyKeys   = "pgp.too_many_keys"
	SlugSigMissing    = "pgp.signature_missing"
	SlugSigUnknown    = "pgp.signature_unknown"
	SlugSigBad        = "pgp.signature_bad"
	SlugSigExpired    = "pgp.signature_expired"
	SlugSigWeak       = "pgp.signature_weak"
	SlugKeyMissing    = "pgp.key_missing"
	SlugKeyLocked     = "pgp.key_locked"
	SlugRecipientKey  = "pgp.recipient_key"
	SlugKeyPrivate    = "pgp.key_is_private"
	SlugKeyExpired    = "pgp.key_expired"
	SlugKeyRevoked    = "pgp.key_revoked"
	SlugKeyNoEncrypt  = "pgp.key_cannot_encrypt"
	SlugKeyWeak       = "pgp.key_weak"
	SlugKeyMany       = "pgp.key_many"
	SlugKeyUnreadable = "pgp.key_unreadable"
)

// technicalLimit bounds the raw text of the library in a reason.
const technicalLimit = 200

// fault is the error under a reason. Refetch lets callers that do not know this package ask by
// errors.As(err, &interface{ Refetch() bool }).
type fault struct {
	refetch bool
	err     error // nil: found by this package itself
}

func (f *fault) Error() string {
	if f.err == nil {
		return "OpenPGP message refused"
	}
	return plain(f.err.Error(), technicalLimit)
}

func (f *fault) Unwrap() error { return f.err }

// Refetch says whether one immediate fetch of the same version may give another result.
func (f *fault) Refetch() bool { return f.refetch }

// Refetch says whether fetching the file once more, at once, may help: the message was cut or changed on the way, or is
// for a key that nobody knows, which a flipped bit can cause.
func Refetch(err error) bool {
	var f interface{ Refetch() bool }
	return errors.As(err, &f) && f.Refetch()
}

// reason builds a failure. Every What begins with "the file", so that a caller can put the name after these words.
func reason(slug, what, cause, do string, who job.Who, err error) *job.Reason {
	r := &job.Reason{Slug: slug, What: what, Cause: cause, Do: do, Who: who, Err: &fault{err: err}}
	if err != nil {
		r.Technical = plain(err.Error(), technicalLimit)
	}
	return r
}

// again marks a failure that one more fetch may cure.
func again(r *job.Reason) *job.Reason {
	r.Err.(*fault).refetch = true
	return r
}

func reasonNotEncrypted(is string, err error) *job.Reason {
	return reason(SlugNotEncrypted,
		"the file is not PGP-encrypted and was not taken: nothing landed",
		"it "+is+"; it was probably exported in clear and only given its name",
		doEncrypt("ours is shown by `haulier pgp list`"),
		job.WhoCustomer, err)
}

// doEncrypt asks for files that are encrypted to our key.
func doEncrypt(ours string) string {
	return "ask the customer to encrypt it to our key (" + ours + "); to accept clear files set `inbound.pgp: none`"
}

func reasonWrongKey(ids []string, hidden int, known *job.Key, ours []job.Key) *job.Reason {
	r := reason(SlugWrongKey,
		"the file is encrypted to another key and could not be opened: nothing landed",
		"it is for "+recipients(ids, hidden)+"; "+ourKeys(ours),
		doSendKey(ours),
		job.WhoCustomer, nil)
	switch {
	case known != nil && known.Kind == job.KeyPGP:
		r.Cause += "; that is our former key " + keyName(*known) + ", so the customer still uses the old one"
	case known != nil:
		r.Cause += "; that is the customer's own key " + keyName(*known) + ", so they encrypted it to themselves only"
	default:
		r.Cause += "; nobody here knows that key, perhaps they encrypted it to themselves"
		again(r)
	}
	return r
}

// doSendKey names the command that prints our public key.
func doSendKey(ours []job.Key) string {
	if len(ours) == 0 || ours[0].Name == "" {
		return "send the customer our current public key and ask for the file again"
	}
	return "send the customer our current public key (`haulier pgp show " + ours[0].Name + "`) and ask for the file again"
}

// recipientsShown is how many key ids a message lists.
const recipientsShown = 5

func recipients(ids []string, hidden int) string {
	var parts []string
	if len(ids) > recipientsShown {
		parts = append(parts, fmt.Sprintf("%s and %d more", strings.Join(ids[:recipientsShown], ", "), len(ids)-recipientsShown))
	} else if len(ids) > 0 {
		parts = append(parts, strings.Join(ids, ", "))
	}
	if hidden == 1 {
		parts = append(parts, "a recipient without a key id that is not us")
	} else if hidden > 1 {
		parts = append(parts, fmt.Sprintf("%d recipients without key ids, none of them us", hidden))
	}
	return strings.Join(parts, " and ")
}

func ourKeys(ours []job.Key) string {
	var parts []string
	for _, k := range ours {
		id := k.Fingerprint
		if len(k.KeyIDs) > 0 {
			id = k.KeyIDs[len(k.KeyIDs)-1]
		}
		if k.Name != "" {
			id += " (" + keyName(k) + since(k.Created) + ")"
		}
		parts = append(parts, id)
	}
	if len(parts) == 1 {
		return "ours is " + parts[0]
	}
	return "ours are " + strings.Join(parts, ", ")
}

func since(created time.Time) string {
	if created.IsZero() {
		return ""
	}
	return ", since " + created.Format(time.DateOnly)
}

func reasonPasswordOnly() *job.Reason {
	return reason(SlugPasswordOnly,
		"the file is encrypted with a password and could not be opened: nothing landed",
		"it names no key at all, as `gpg --symmetric` does",
		"ask the customer to encrypt it to our public key instead of a password",
		job.WhoCustomer, nil)
}

func reasonSessionKey(id uint64, k job.Key, err error) *job.Reason {
	return again(reason(SlugSessionKey,
		"the file is for our key "+keyID(id)+" but could not be opened: nothing landed",
		"its session key is damaged, or made for a cipher that is not taken here (IDEA, Blowfish, Twofish, Camellia)",
		"ask the customer to encrypt it again to "+keyName(k)+", with AES",
		job.WhoCustomer, err))
}

func reasonNoIntegrity() *job.Reason {
	return reason(SlugNoIntegrity,
		"the file is encrypted without integrity protection and was not opened: nothing landed",
		"it was made in the format before 2007 (`--rfc2440`, `--disable-mdc` or a very old program), in which a change cannot be noticed",
		"ask the customer to use a current OpenPGP program with its defaults",
		job.WhoCustomer, nil)
}

func reasonEmpty() *job.Reason {
	return again(reason(SlugTruncated,
		"the file is empty (0 bytes): nothing landed",
		"its upload has only begun, or its export produced nothing",
		"ask the customer to upload under a temporary name and rename when complete",
		job.WhoCustomer, nil))
}

func reasonTruncated(read int64) *job.Reason {
	return again(reason(SlugTruncated,
		"the file ends in the middle of its encrypted data and was not taken: nothing landed",
		fmt.Sprintf("after %d bytes the message is not complete: its upload is still under way or was cut off", read),
		"ask the customer to upload under a temporary name and rename when complete; the next look takes the whole file",
		job.WhoCustomer, nil))
}

func reasonTampered(err error) *job.Reason {
	return again(reason(SlugTampered,
		"the file was changed after it was encrypted and was not taken: nothing landed",
		"its integrity check does not match: damaged on its way (a transfer in ASCII mode, a bad disk) or altered by somebody",
		"ask the customer to upload it again in binary mode; if it comes back changed, find out who can write to the folder",
		job.WhoCustomer, err))
}

func reasonTrailing(n int64) *job.Reason {
	return reason(SlugTrailingData,
		"the file holds more than one encrypted message and was not taken: nothing landed",
		fmt.Sprintf("%d bytes follow the end of the message: messages were joined, or something was appended", n),
		"ask the customer to send each message as a file of its own",
		job.WhoCustomer, nil)
}

// finding is what this package itself says of a message, in words for people. A library's words are technical.
type finding string

func (f finding) Error() string { return string(f) }

func reasonMalformed(err error) *job.Reason {
	cause := "its encrypted part is whole, but what is inside cannot be read: its program made it so"
	if errors.As(err, new(finding)) {
		cause = plain(err.Error(), technicalLimit)
	}
	return reason(SlugMalformed,
		"the file is not a well-formed OpenPGP message and was not taken: nothing landed",
		cause,
		"ask the customer which program made it and to encrypt again with a current one",
		job.WhoCustomer, err)
}

func reasonTooLarge(limit int64) *job.Reason {
	return reason(SlugTooLarge,
		"the file becomes too large when opened and was not taken: nothing landed",
		fmt.Sprintf("its content is larger than the limit of %d bytes", limit),
		"raise `max_file_size` if files of this size are expected",
		job.WhoUs, nil)
}

func reasonRatio(limit float64, read int64) *job.Reason {
	return reason(SlugTooLarge,
		"the file swells too much when opened and was not taken: nothing landed",
		fmt.Sprintf("the first %d bytes hold more than %g times as much: that is what a decompression bomb looks like", read, limit),
		"raise the PGP ratio of the job if the content is really that repetitive, else ask the customer what made the file",
		job.WhoBoth, nil)
}

func reasonTooManyKeys(limit int) *job.Reason {
	return reason(SlugTooManyKeys,
		"the file is encrypted to too many keys and was not opened: nothing landed",
		fmt.Sprintf("it names more than %d recipients; each one costs time to try", limit),
		"ask the customer to encrypt it to our key only",
		job.WhoCustomer, nil)
}
