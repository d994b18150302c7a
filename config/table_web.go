package config

import "time"

// webTable is who is answered over the network, and how.
var webTable = object("web", "Pages and API of the daemon over the network. Everybody logs in; see `haulier users` and `haulier tokens`.",
	field{key: "listen", kind: kAddress, example: `"127.0.0.1:8080"`, unset: "not served",
		help: "Address and port. Beyond this machine it wants tls, or a proxy before it, and public_url."},
	field{key: "public_url", kind: kURL, example: "https://haulier.platform.example", unset: "the address of listen",
		help: "How people reach it: the name that requests must bear, and where a provider sends people back to."},
	object("tls", "A certificate of our own. It is read anew at every reload.",
		field{key: "cert", kind: kPath, need: true, example: "/etc/haulier/tls.crt", help: "The certificate and those above it, PEM."},
		field{key: "key", kind: kPath, need: true, example: "/etc/haulier/tls.key", help: "Its private key, PEM."}),
	object("session", "When people have to log in again.",
		field{key: "idle", kind: kDuration, def: "30m", min: int64(time.Minute), help: "Time without a request."},
		field{key: "absolute", kind: kDuration, def: "12h", min: int64(time.Minute), help: "Time since the login, 30 days at most."},
	).with(func(f *field) { f.always = true }),
	oidcTable,
	webProxyTable,
).with(restartsAll)

// restartsAll is restarts for all keys of a section.
func restartsAll(f *field) {
	for i := range f.fields {
		restartsAll(&f.fields[i])
	}
	f.restart = len(f.fields) == 0
}

// rolesTable says which groups make a role.
func rolesTable(help string) field {
	group := field{kind: kText, example: "haulier-admins"}
	return object("roles", help,
		listOf("admin", group, "Groups whose people may everything.").with(singly),
		listOf("operator", group, "Groups whose people run, retry, pause and acknowledge.").with(singly),
		listOf("viewer", group, "Groups whose people see.").with(singly))
}

var oidcTable = object("oidc", "A provider (OpenID Connect) that people log in at.",
	field{key: "issuer", kind: kURL, need: true, example: "https://login.platform.example", help: "The provider, as it names itself."},
	field{key: "client_id", kind: kText, need: true, example: "haulier", help: "Name of this program there. It may send people back to public_url and /login/oidc/callback."},
	field{key: "client_secret", kind: kSecret, example: "{file: /run/secrets/oidc}", unset: "a public client, with PKCE alone", help: "Proves this program to the provider."},
	listOf("scopes", field{kind: kText, example: "groups"}, "What is asked for beside openid.").with(singly),
	field{key: "name_claim", kind: kText, example: "email", unset: "preferred_username, else email, else sub", help: "Claim with the name for the audit list."},
	field{key: "roles_claim", kind: kText, def: "groups", help: "Claim with the groups of a person; dots lead into sections."},
	field{key: "entities_claim", kind: kText, example: "tenants", unset: "everybody sees everything",
		help: "Claim with the entities that a person sees; * is everything, and whoever does not have the claim sees nothing."},
	rolesTable("Which groups make which role. Who is in none of them is not let in.").with(needed),
)

var webProxyTable = object("proxy", "A reverse proxy that stands before us.",
	listOf("trusted", field{kind: kNet, example: "10.0.0.0/8"},
		"Networks of the proxy. Only requests from there are believed who they are for; headers from others are dropped.").with(needed).with(singly),
	field{key: "user_header", kind: kText, example: "X-Remote-User", unset: "the proxy logs nobody in", help: "Header with the name of who has logged in at the proxy."},
	field{key: "role_header", kind: kText, example: "X-Remote-Groups", help: "Header with groups, or with the role itself where roles is not given."},
	field{key: "entities_header", kind: kText, example: "X-Remote-Tenants", unset: "everybody sees everything",
		help: "Header with the entities that a person sees, by commas; * is everything, and no header nothing."},
	rolesTable("Which groups make which role."),
)
