package job

import (
	"net/netip"
	"time"
)

// Connection is one account on one customer's server.
type Connection struct {
	Name        string // technical name, [a-z0-9-], permanent
	DisplayName string // free to change
	Entity      string // the platform's tenant
	Enabled     bool   // false: never dials
	Contacts    []string
	Language    string // in which its owner is written to; empty: not said
	Position    Position

	Endpoint
	Root           string // locations are relative to it; empty: the login folder's root "/"
	Locations      map[string]Location
	MaxConnections int // for all jobs of the account together

	Profile      string         // put-only, read-once or empty: learned
	ReadOnce     bool           // a download uses the file up
	Rename       RenameMeans    // empty: learned
	Verify       Verify         // empty: learned
	DenyNetworks []netip.Prefix // addresses that a name may not resolve to
}

// Endpoint is where and how to log in: a customer's server or a jump host.
type Endpoint struct {
	Host        string // as written; names are resolved at every dial
	Port        int
	User        string // case-sensitive, kept as written
	Auth        Auth
	HostKeys    []string // pins from the YAML, exclusive: authorized-keys lines or "TYPE SHA256:…"; empty: the store's pins count
	BindAddress string   // local address to dial from; empty: any
	TCP4        bool     // never dial IPv6
	Proxy       *Proxy
	Jump        []Jump   // hops before the server, in order
	AlsoAllow   []string // algorithms appended to the modern lists
	Timeouts    Timeouts
}

// Jump is one hop on the way to a server.
type Jump struct {
	Name string
	Endpoint
}

// Account is what one limit and one breaker belong to.
type Account struct {
	Host string
	Port int
	User string
}

// Auth is how a user proves who they are. Secrets are references, resolved at each login.
type Auth struct {
	Methods  []string // RFC 4252 names: publickey, password, keyboard-interactive
	Key      string   // name of a key in the store; empty: none
	KeyFile  *KeyFile
	Password *SecretRef
	Expires  time.Time // when the password ends; zero: unknown

	Successor *Successor // of the password; nil: none is known
}

// Successor is the password that follows.
type Successor struct {
	Password SecretRef
	From     time.Time // from when on it is the one
	Expires  time.Time // when it ends; zero: unknown
}

// Ends is when the password that counts at a time ends, or the one that follows it in time; zero: unknown, or not in sight.
func (a Auth) Ends(at time.Time) time.Time {
	s := a.Successor
	if s != nil && (!at.Before(s.From) || a.Expires.IsZero() || !s.From.After(a.Expires)) {
		return s.Expires
	}
	return a.Expires
}

// KeyFile is a private key kept outside the store.
type KeyFile struct {
	Path       string
	Passphrase *SecretRef
}

// SecretRef says where a secret is, never what it is.
type SecretRef struct {
	From SecretSource
	Name string // variable, path, credential or stored name
}

// SecretSource is a place that holds secrets.
type SecretSource string

// The places that hold secrets.
const (
	SecretEnv        SecretSource = "env"
	SecretFile       SecretSource = "file"
	SecretCredential SecretSource = "credential" // systemd, $CREDENTIALS_DIRECTORY
	SecretStored     SecretSource = "stored"     // sealed in the store
)

// Proxy is a SOCKS5 or HTTP CONNECT proxy.
type Proxy struct {
	Type     string // socks5 or http
	Address  string // host:port
	User     string
	Password *SecretRef
}

// Location is a named folder on the server.
type Location struct {
	Path string // root included
	Use  LocationUse
}

// LocationUse says what a location is for.
type LocationUse string

// The uses of a location.
const (
	UseDownload LocationUse = "download"
	UseUpload   LocationUse = "upload"
	UseBoth     LocationUse = "both"
)

// Timeouts bound single waits on a connection.
type Timeouts struct {
	Connect   time.Duration // TCP
	Handshake time.Duration // SSH handshake, login and SFTP start together
	Operation time.Duration // one metadata request
	Stall     time.Duration // no byte moved
	Keepalive time.Duration
	Floor     int64 // bytes per second, averaged over FloorOver
	FloorOver time.Duration
}
