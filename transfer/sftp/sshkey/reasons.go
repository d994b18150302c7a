package sshkey

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/haulier/haulier/job"
)

const nothingSent = "nothing was sent to the server, not even the login"

func reason(slug, cause, do string, err error) *job.Reason {
	r := &job.Reason{Slug: slug, What: nothingSent, Cause: cause, Do: do, Who: job.WhoUs, Err: err}
	if err != nil {
		r.Technical = printable(err.Error()) // the library repeats what it read
	}
	return r
}

func formatSSH2() error {
	return reason("key.format_ssh2",
		"the key is in the SSH2 format (it begins with ---- BEGIN SSH2), which is not that of a private key for OpenSSH",
		"a public key: `haulier keys convert FILE` shows it in OpenSSH's form; a private key: ask for it in OpenSSH's form", nil)
}

func formatPPK() error {
	return reason("key.format_ppk", "the key is in PuTTY's own format (.ppk)",
		"in PuTTYgen: Conversions, Export OpenSSH key; then give that file", nil)
}

func isPublic() error {
	return reason("key.is_public", "this is the public half of a key; a login needs the private half",
		"give the other file of the pair: the one whose name has no .pub", nil)
}

func passphraseMissing() error {
	return reason("key.passphrase_missing", "the private key is locked with a passphrase, and none is configured",
		"set auth.key_file.passphrase to a secret, for example {file: PATH}", nil)
}

func passphraseWrong(err error) error {
	return reason("key.passphrase_wrong", "the configured passphrase does not open the private key",
		"compare it with what came with the key: case, blanks at its ends, a line feed in its file", err)
}

func unreadable(err error) error {
	return reason("key.unreadable", "the text is no private key in OpenSSH's form, PEM or PKCS#8",
		"ask for the key in OpenSSH's form, or convert it with `ssh-keygen -p -f FILE`", err)
}

func noFile(path string, err error) error {
	cause := fmt.Sprintf("the key file %q can't be read", path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		cause = fmt.Sprintf("there is no key file %q", path)
	case errors.Is(err, fs.ErrPermission):
		cause = fmt.Sprintf("the user of this program may not read the key file %q", path)
	}
	return reason("key.unreadable", cause, "check auth.key_file.path and the rights on the file", err)
}

func worldReadable(path string, mode fs.FileMode) error {
	return reason("key.world_readable", fmt.Sprintf("everybody on this machine may use the key file %q (its rights are %04o)", path, mode),
		fmt.Sprintf("chmod 600 %s", shellWord(path)), nil)
}

func weak(what string) error {
	return reason("key.weak", what+"; servers refuse it, and it can be broken",
		"make a new one with `haulier keys generate NAME`, and send its public half to the customer", nil)
}

// inFile names the file in an error of its content.
func inFile(path string, err error) error {
	var r *job.Reason
	if !errors.As(err, &r) {
		return fmt.Errorf("read key file %q: %w", path, err)
	}
	named := *r
	named.Cause = fmt.Sprintf("key file %q: %s", path, r.Cause)
	return &named
}

// shellWord quotes a path for a shell where it needs that.
func shellWord(path string) string {
	plain := func(r rune) bool {
		return !strings.ContainsRune("/._-+", r) && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	if strings.IndexFunc(path, plain) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
