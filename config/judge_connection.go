package config

import (
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// judgeEndpoint looks at what a server or hop says of itself.
func (b *builder) judgeEndpoint(noun, name string, e job.Endpoint, v *value) {
	b.judgeNames(noun, name, v)
	b.judgeAuth(noun, name, v.get("auth"))
	b.judgeAlgorithms(v.get("algorithms", "also_allow"))
	b.judgeHostKeys(noun, name, v.get("host_keys"))
	b.judgePins(noun, name, e, v)
	if v.get("bind_address").ip().Is6() && e.TCP4 {
		b.fail(v.get("bind_address").at, "E-CONFLICT", "%s", about(noun, name, "bind_address is IPv6, and tcp4 forbids IPv6"))
	}
	b.lookForSecret(v.get("auth", "password"))
	b.lookForSecret(v.get("proxy", "password"))
	b.lookForKey(v.get("auth", "key"), job.KeySSH, "keys generate")
	b.lookAtKeyFile(v.get("auth", "key_file"))
}

func (b *builder) judgeNames(noun, name string, v *value) {
	for _, key := range []string{"host", "username"} {
		if text := v.get(key).str(); text != strings.TrimSpace(text) {
			b.warn(v.get(key).at, "W-BLANKS", "%s", about(noun, name, "%s has a blank at its begin or end; it is kept as written, and is probably not meant", key))
		}
	}
	host := v.get("host")
	if ip, err := netip.ParseAddr(host.str()); err == nil && !ip.IsLoopback() {
		b.warn(host.at, "W-IP-HOST", "%s", about(noun, name, "host is an IP address, which may change any day; ask for a name"))
	}
	if user := v.get("username"); strings.Contains(user.str(), "${") {
		b.warn(user.at, "W-VARIABLE", "%s", about(noun, name, "username holds ${…}, which is not filled in: values are taken as written"))
	}
}

// judgeAuth holds methods and credentials together.
func (b *builder) judgeAuth(noun, name string, v *value) {
	if !v.usable() || !v.get("methods").usable() {
		return
	}
	methods := v.get("methods").words()
	withKey := slices.Contains(methods, "publickey")
	withPassword := slices.Contains(methods, "password") || slices.Contains(methods, "keyboard-interactive")
	key, file, password := v.get("key"), v.get("key_file"), v.get("password")
	if key != nil && key.broken || file != nil && file.broken || password != nil && password.broken {
		return
	}
	say := func(at place, format string, args ...any) {
		b.fail(at, "E-AUTH", "%s", about(noun, name, format, args...))
	}
	switch {
	case key != nil && file != nil:
		say(file.key, "key and key_file are both given; one login offers one key")
	case withKey && key == nil && file == nil:
		say(v.get("methods").at, "publickey needs a key: `key: NAME` (made by `haulier keys generate NAME`) or key_file")
	case !withKey && key != nil:
		say(key.key, "a key is given, but methods does not list publickey")
	case !withKey && file != nil:
		say(file.key, "a key file is given, but methods does not list publickey")
	}
	switch {
	case withPassword && password == nil:
		say(v.get("methods").at, "password needs a password: {env: NAME}, {file: PATH}, {credential: NAME} or {stored: NAME}")
	case !withPassword && password != nil:
		say(password.key, "a password is given, but methods does not list password; if it unlocks a key, it belongs to key_file.passphrase")
	}
	b.judgeSuccessor(noun, name, v)
	for i, item := range v.get("methods").entries() {
		if slices.Contains(methods[:min(i, len(methods))], item.str()) {
			say(item.at, "method %s is listed twice", item.str())
		}
	}
}

// judgeSuccessor holds a password and the one that follows it together.
func (b *builder) judgeSuccessor(noun, name string, v *value) {
	next := v.get("successor")
	if !next.usable() {
		return
	}
	b.lookForSecret(next.get("password"))
	password, follows := b.reference(v.get("password")), b.reference(next.get("password"))
	from, ends := b.day(next.get("valid_from")), b.day(next.get("expires_at"))
	switch {
	case v.get("password") == nil:
		b.fail(next.key, "E-AUTH", "%s", about(noun, name, "a password follows, and there is none that it follows: write it as auth.password"))
	case password != nil && follows != nil && *password == *follows:
		b.fail(next.get("password").at, "E-AUTH", "%s", about(noun, name, "the password that follows is kept where the old one is; keep it under another name, so that both are there on the day of the change"))
	case !from.IsZero() && !ends.IsZero() && !ends.After(from):
		b.fail(next.get("expires_at").at, "E-CONFLICT", "%s", about(noun, name, "the password that follows ends on %s, and is valid from %s on", ends.Format(time.DateOnly), from.Format(time.DateOnly)))
	}
}

// weak are the algorithms that may be allowed in addition, with what they weaken.
var weak = map[string]string{
	"ssh-rsa":                              "host keys and logins signed with SHA-1",
	"ssh-dss":                              "1024-bit DSA keys signed with SHA-1",
	"diffie-hellman-group1-sha1":           "a 1024-bit key exchange with SHA-1, within reach of attackers",
	"diffie-hellman-group14-sha1":          "a key exchange with SHA-1",
	"diffie-hellman-group14-sha256":        "nothing that is broken today",
	"diffie-hellman-group16-sha512":        "nothing that is broken today",
	"diffie-hellman-group-exchange-sha1":   "a key exchange with SHA-1 in a group of the server's choice",
	"diffie-hellman-group-exchange-sha256": "a key exchange in a group of the server's choice",
	"aes128-cbc":                           "a CBC cipher, which leaks under some attacks",
	"3des-cbc":                             "a 64-bit block cipher, which leaks in long transfers",
	"arcfour256":                           "a stream cipher that is broken",
	"arcfour128":                           "a stream cipher that is broken",
	"arcfour":                              "a stream cipher that is broken",
	"hmac-sha1":                            "integrity with SHA-1",
	"hmac-sha1-96":                         "integrity with 96 bits of SHA-1",
}

func (b *builder) judgeAlgorithms(v *value) {
	var known []string
	for name := range weak {
		known = append(known, name)
	}
	slices.Sort(known)
	for _, item := range v.entries() {
		if what, ok := weak[item.str()]; ok {
			b.warn(item.at, "W-WEAK-ALGORITHM", "%s allows %s, on this connection only", item.str(), what)
		} else if item.usable() {
			b.fail(item.at, "E-VALUE", "algorithm %s is not known, or is allowed anyway%s", quoted(item.str()), meant(item.str(), known))
		}
	}
}

func (b *builder) judgeHostKeys(noun, name string, v *value) {
	if v == nil || b.CheckHostKey == nil {
		return
	}
	for _, item := range v.items {
		if !item.usable() {
			continue
		}
		if err := b.CheckHostKey(item.str()); err != nil {
			b.fail(item.at, "E-HOST-KEY", "%s", about(noun, name, "host_keys: %s", printable(err.Error())))
		}
	}
}

func (b *builder) judgePins(noun, name string, e job.Endpoint, v *value) {
	if b.Known.Pin == nil || len(e.HostKeys) > 0 || !v.get("host").usable() || !v.get("port").usable() {
		return
	}
	address := "[" + e.Host + "]:" + strconv.Itoa(e.Port)
	if !b.Known.Pin(address) {
		b.warn(v.get("host").at, "W-NO-PIN", "%s", about(noun, name, "no host key of %s is pinned yet, so nothing will be sent there: haulier connections trust %s", address, name))
	}
}

func (b *builder) judgeConnection(c job.Connection, v *value) {
	if c.Profile == "put-only" {
		b.judgePutOnly(c, v)
	}
	if c.Profile == "read-once" && v.get("read_once").given() && !v.get("read_once").flag() {
		b.fail(v.get("read_once").at, "E-CONFLICT", "connection %q: read_once is false, and profile read-once says it is true", c.Name)
	}
	if verify := v.get("verify"); c.ReadOnce && c.Verify == job.VerifyReadback && verify.usable() {
		b.fail(verify.at, "E-CONFLICT", "connection %q: verify: readback fetches what was delivered, and a download uses the file up on a read-once server; write stat", c.Name)
	}
	if day := v.get("expires_at"); day.usable() && v.get("auth", "password") == nil {
		b.fail(day.at, "E-CONFLICT", "connection %q: expires_at is the day on which the password ends, and there is no password", c.Name)
	}
	if s := c.Auth.Successor; s != nil && !c.Auth.Expires.IsZero() && s.From.After(c.Auth.Expires) {
		b.warn(v.get("auth", "successor", "valid_from").at, "W-PASSWORD-GAP", "connection %q: the password ends on %s, and the one that follows is valid from %s on: nobody can log in in between",
			c.Name, c.Auth.Expires.Format(time.DateOnly), s.From.Format(time.DateOnly))
	}
	if expiry := v.get("auth", "key_file"); expiry.usable() {
		b.lookForSecret(expiry.get("passphrase"))
	}
	b.lookForPGP(v.get("inbound", "pgp"), v.get("outbound", "pgp"))
}

// judgePutOnly refuses what a server that takes PUT and nothing else cannot do.
func (b *builder) judgePutOnly(c job.Connection, v *value) {
	for _, name := range v.get("locations").names() {
		if at := v.get("locations", name); c.Locations[name].Use == job.UseDownload {
			b.fail(at.at, "E-PUT-ONLY", "connection %q takes uploads only (profile put-only); location %q cannot be for download", c.Name, name)
		}
	}
	for _, keys := range [][]string{{"rename"}, {"verify"}, {"read_once"}, {"outbound", "partial_suffix"}, {"outbound", "in_place"}} {
		set := v.get(keys...)
		if set.given() && set.usable() && set.str() != "none" && (keys[len(keys)-1] != "in_place" || !set.flag()) {
			b.fail(set.key, "E-CONFLICT", "connection %q: profile put-only writes the final name directly and looks at nothing; take out %s", c.Name, strings.Join(keys, "."))
		}
	}
}

// lookForSecret warns of a secret that is not there yet.
func (b *builder) lookForSecret(v *value) {
	ref := b.reference(v)
	if ref == nil {
		return
	}
	there, where := true, ""
	switch ref.From {
	case job.SecretEnv:
		value, ok := b.Env(ref.Name)
		there, where = ok && value != "", "environment variable "+ref.Name+" is not set"
	case job.SecretFile:
		there, where = b.NoFiles || isThere(ref.Name), "file "+quoted(v.text)+" cannot be read"
	case job.SecretCredential:
		dir, ok := b.Env("CREDENTIALS_DIRECTORY")
		there, where = b.NoFiles || ok && isThere(filepath.Join(dir, ref.Name)), "systemd credential "+ref.Name+" is not there"
	case job.SecretStored:
		there = b.Known.Secret == nil || b.Known.Secret(ref.Name)
		where = "no secret is stored as " + ref.Name + ": haulier secrets set " + ref.Name
	}
	if !there {
		b.warn(v.at, "W-SECRET-MISSING", "%s", where)
	}
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// lookForKey warns of a key that is not in the store yet.
func (b *builder) lookForKey(v *value, kind job.KeyKind, command string) {
	if !v.usable() || b.Known.Key == nil || b.Known.Key(kind, v.str()) {
		return
	}
	b.warn(v.at, "W-KEY-MISSING", "there is no key %q yet: haulier %s %s", v.str(), command, v.str())
}

func (b *builder) lookForPGP(inbound, outbound *value) {
	for _, item := range inbound.get("decrypt_with").entries() {
		b.lookForKey(item, job.KeyPGP, "pgp generate")
	}
	for _, item := range inbound.get("signed_by").entries() {
		b.lookForKey(item, job.KeyPGPPublic, "pgp import")
	}
	for _, item := range outbound.get("encrypt_to").entries() {
		b.lookForKey(item, job.KeyPGPPublic, "pgp import")
	}
	b.lookForKey(outbound.get("sign_with"), job.KeyPGP, "pgp generate")
}

// lookAtKeyFile refuses a private key that everybody on the machine may read.
func (b *builder) lookAtKeyFile(v *value) {
	path := v.get("path")
	if b.NoFiles || !path.usable() {
		return
	}
	info, err := os.Stat(b.local(path))
	switch {
	case err != nil:
		b.warn(path.at, "W-KEY-MISSING", "the key file %s cannot be read", quoted(path.str()))
	case info.IsDir():
		b.fail(path.at, "E-PATH", "key file %s is a folder", quoted(path.str()))
	case info.Mode().Perm()&fs.FileMode(0o007) != 0:
		b.fail(path.at, "E-KEY-RIGHTS", "everybody on this machine may read the private key %s (mode %04o): chmod 600 it", quoted(path.str()), info.Mode().Perm())
	}
}
