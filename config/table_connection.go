package config

import (
	"slices"
	"time"

	"github.com/haulier/haulier/internal/ask"
)

// endpointFields are the keys that connections and jump hosts share: where, and how to log in.
var endpointFields = []field{
	{key: "host", kind: kHost, need: true, example: "sftp.acme.example",
		help: "Name of the server, kept as written and resolved at every dial. A name is better than an address, which may change any day."},
	{key: "port", kind: kCount, def: "22", min: 1, max: 65535, help: "TCP port of SSH. 22, 2222 and 3333 are common."},
	{key: "username", kind: kText, need: true, example: "platform", help: "User on the server: case-sensitive, kept as written."},
	authTable,
	listOf("host_keys", field{kind: kHostKey, example: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFgl1tHDUcyQ7X0+Jqk1rnpMqfC7PWI9dfvhBGYkXUKF"},
		"Host keys to accept, each as `TYPE BASE64` or `TYPE SHA256:…`. The list is exclusive: `haulier connections trust` "+
			"refuses to add to it. Without it, the keys that trust has pinned count. There is no way to accept any key."),
	object("algorithms", "Algorithms beyond the modern ones.",
		listOf("also_allow", field{kind: kText, example: "diffie-hellman-group14-sha1"},
			"Old algorithms to append to the modern lists, for this server only. Each gets a warning that says what it weakens.")),
	{key: "bind_address", kind: kIP, example: "203.0.113.10", unset: "any", help: "Local address to dial from, where customers allow one of several."},
	{key: "tcp4", kind: kFlag, def: "false", help: "Never dial IPv6: for servers whose allow-list knows IPv4 addresses only."},
	proxyTable,
	timeoutsTable,
}

var authTable = object("auth", "How the user proves who they are.",
	listOf("methods", field{kind: kWord, words: []string{"publickey", "password", "keyboard-interactive"}, example: "publickey"},
		"Methods that we are willing to use (RFC 4252). The server decides whether it wants one or both: `haulier connections "+
			"test` says which. password also answers keyboard-interactive: one hidden prompt, once.").with(needed),
	field{key: "key", kind: kRef, example: "acme", help: "Name of a key of ours: `haulier keys generate NAME`. The private part never leaves the store."},
	object("key_file", "A private key that the other side handed to us, kept in a file.",
		field{key: "path", kind: kPath, need: true, example: "/etc/haulier/keys/emersion.pem",
			help: "The file: OpenSSH, PEM or PKCS#8. Only its owner and group may read it."},
		field{key: "passphrase", kind: kSecret, example: "{env: EMERSION_KEY_PASSPHRASE}",
			help: "Unlocks the key file. It is not the account's password, which belongs to auth.password."}),
	field{key: "password", kind: kSecret, example: "{file: /run/secrets/bigbank_password}",
		help: "The account's password. The passphrase of a key belongs to auth.key_file.passphrase."},
	object("successor", "The password that follows, where the day is known on which the customer changes it. Until that day the old one is given, from then on this one; "+
		"from a day before to a day behind, each behind the other if that is refused.",
		field{key: "password", kind: kSecret, need: true, example: "{stored: bigbank-2027}", help: "The new password."},
		field{key: "valid_from", kind: kDate, need: true, example: "2027-03-31", help: "Day from which on it is the one, in timezone."},
		field{key: "expires_at", kind: kDate, example: "2027-06-30", help: "Day on which it ends."}),
).with(needed)

var proxyTable = object("proxy", "A proxy to dial through.",
	word("type", "", "Kind of proxy; http means CONNECT.", "socks5", "http").with(needed),
	field{key: "address", kind: kAddress, need: true, example: `"proxy.corp.example:1080"`, help: "Host and port of the proxy."},
	field{key: "username", kind: kText, example: "svc", help: "User on the proxy."},
	field{key: "password", kind: kSecret, example: "{env: PROXY_PASSWORD}", help: "Password on the proxy."},
)

var timeoutsTable = object("timeouts", "How long to wait for what.",
	field{key: "connect", kind: kDuration, def: "15s", min: int64(time.Millisecond), help: "TCP."},
	field{key: "handshake", kind: kDuration, def: "30s", min: int64(time.Millisecond), help: "SSH handshake, login and start of SFTP together."},
	field{key: "operation", kind: kDuration, def: "30s", min: int64(time.Millisecond), help: "Silence of the server while it owes the answer to a list, stat, rename or remove; the answer itself may take ten times that while others are answered."},
	field{key: "stall", kind: kDuration, def: "60s", min: int64(time.Millisecond), help: "No byte moved."},
	field{key: "keepalive", kind: kDuration, def: "15s", min: int64(time.Millisecond), help: "Between signs of life to the server."},
	field{key: "floor", kind: kRate, def: "1KiB/s", help: "The slowest transfer that is let go on, averaged over floor_over; 0 = any."},
	field{key: "floor_over", kind: kDuration, def: "5m", min: int64(time.Millisecond), help: "Span of the average."},
).with(func(f *field) { f.always = true })

func needed(f *field) { f.need = true }

// connectionFields are the keys of one connection.
var connectionFields = slices.Concat(connectionIdentity, endpointFields, connectionPolicy)

var connectionIdentity = []field{
	{key: "display_name", kind: kText, example: "ACME Retail", unset: "the technical name", help: "What people are shown; free to change."},
	{key: "entity", kind: kText, example: "acme-nv", help: "Your tenant that the connection belongs to: a filter, and a label in events."},
	{key: "enabled", kind: kFlag, def: "true", help: "false: never dialled; its jobs' slots end skipped. History is kept."},
	listOf("contacts", field{kind: kText, example: "it@acme.example"}, "Who to ask on the other side; shown with failures that are theirs to mend."),
	word("language", "", "Language in which the customer is written to: the onboarding sheet, and letters to contacts.", ask.Languages()...).
		with(func(f *field) { f.unset = "en; who follows a link to the sheet gets that of their browser" }),
}

var connectionPolicy = []field{
	{key: "expires_at", kind: kDate, example: "2027-03-31", help: "Day on which the password ends."},
	listOf("jump", field{kind: kRef, example: "bastion"}, "Jump hosts on the way, in order of hops; each has its own pinned host key.").with(singly),
	{key: "root", kind: kFolder, example: "/home/platform", unset: "the server's own start folder",
		help: "Folder that all locations are relative to. Nothing above it is looked at."},
	{key: "locations", kind: kDict, noun: "location", need: true,
		help: "Named folders on the server, each a path or a section with path and use. Jobs name locations, never raw paths.",
		item: &field{kind: kUnion, noun: "location", alts: []field{
			{kind: kFolder, example: "/export/daily"},
			object("", "", field{key: "path", kind: kFolder, need: true, example: "/import", help: "The folder, relative to root."},
				word("use", "both", "What the location is for; jobs that go the other way are refused.", "download", "upload", "both")),
		}}},
	{key: "max_connections", kind: kCount, def: "1", min: 1, max: 64, help: "Connections that all jobs of the account hold together at one time. Those that nobody waits for carry one large file together where the line is long."},
	word("profile", "", "Pins what is otherwise learned. put-only: the server takes PUT and nothing else, so the final name is written "+
		"directly and nothing is listed, looked at, made or renamed. read-once: a download uses the file up.",
		"put-only", "read-once").with(func(f *field) { f.unset = "learned" }),
	{key: "read_once", kind: kFlag, def: "false", help: "A download uses the file up: it is read once, in order, and kept as received until it has landed."},
	word("rename", "", "How a temporary name becomes the final one: posix replaces, v3 may or may not, none writes in place.",
		"posix", "v3", "none").with(func(f *field) { f.unset = "learned" }),
	word("verify", "", "How a delivered file is checked: not at all, by its size, or by reading it back.",
		"none", "stat", "readback").with(func(f *field) { f.unset = "chosen by what the server can do" }),
	listOf("deny_networks", field{kind: kNet, example: "10.0.0.0/8"}, "Networks that the host's name may not resolve to."),
	inboundTable, outboundTable.with(func(f *field) { f.always = true }),
}

func singly(f *field) { f.single = true }

func keyNames(key, example, help string) field {
	return listOf(key, field{kind: kRef, example: example}, help).with(singly)
}

func choice(key, help string, alts ...field) field {
	return field{key: key, kind: kUnion, help: help, alts: alts}
}

var inboundTable = object("inbound", "Policy for what we download.",
	choice("pgp", "PGP of downloads. When set, every file must be encrypted to one of our keys: others are rejected, never passed "+
		"through. none: files are taken as they come.",
		field{kind: kWord, words: []string{"none"}},
		object("", "", keyNames("decrypt_with", "acme-in", "Our keys, by name: `haulier pgp generate NAME`.").with(needed),
			keyNames("signed_by", "acme-sign", "Customers' keys, one of which must have signed. Without it signatures are not asked for."))),
)

var outboundTable = object("outbound", "Policy for what we upload.",
	field{key: "partial_suffix", kind: kSuffix, def: ".part", help: "A file is uploaded as NAME.<token><suffix>, its size checked, then renamed."},
	field{key: "in_place", kind: kFlag, def: "false", help: "Write the final name directly: for servers that cannot rename. Readers may see half a file."},
	choice("pgp", "PGP of uploads: every file is encrypted to all of the keys. none: files are sent as they are.",
		field{kind: kWord, words: []string{"none"}},
		object("", "", keyNames("encrypt_to", "acme-out", "Recipients' keys, by name: `haulier pgp import NAME FILE`.").with(needed),
			field{key: "sign_with", kind: kRef, example: "platform", help: "Our key to sign with."})),
)
