package job

import "time"

// Channel is a way to tell people or systems. Exactly one of Mail, Webhook, Shout and Ping is set, the one that Type names.
type Channel struct {
	Name     string // technical name, [a-z0-9-]
	Type     ChannelType
	Fallback string // channel that is told when this one is dead; empty: none
	Position Position

	Mail    *Mail
	Webhook *Webhook
	Shout   *Shout
	Ping    *Ping
}

// ChannelType is the kind of a channel as its YAML names it.
type ChannelType string

// The types of channels.
const (
	ChannelMail    ChannelType = "email"
	ChannelWebhook ChannelType = "webhook"
	ChannelShout   ChannelType = "shoutrrr"     // chat, paging and SMS
	ChannelPing    ChannelType = "healthchecks" // a dead man's switch
)

// Mail is a channel of mail.
type Mail struct {
	To       []string // bare addresses
	From     string   // bare address; empty: haulier@ this machine
	Contacts bool     // also to the contacts of the connection, where the other side has to act
	SMTP     SMTP
}

// SMTP is a mail server that takes mail for others.
type SMTP struct {
	Host     string
	Port     int
	User     string // empty: no login
	Password *SecretRef
	TLS      TLS
}

// TLS says how a connection is encrypted.
type TLS string

// The ways to encrypt a connection.
const (
	TLSStart TLS = "starttls" // begins in the clear and must change over before anything is said
	TLSFull  TLS = "tls"      // from the first byte
	TLSNone  TLS = "none"     // on loopback only
)

// Webhook is a channel of signed requests.
type Webhook struct {
	URL          Given
	Secrets      []SecretRef // one, or two while one is replaced: each signs
	Events       []string    // types, or families such as file.*; empty: all
	Format       WebhookFormat
	AllowPrivate bool // the target may be on loopback or in a private network
}

// WebhookFormat is the form of a webhook's body.
type WebhookFormat string

// The forms of a webhook's body.
const (
	FormatStandard    WebhookFormat = "standard" // as Standard Webhooks have it
	FormatCloudEvents WebhookFormat = "cloudevents"
)

// Shout is a channel of chat, paging or SMS; the URL has the service and its secrets in it.
type Shout struct {
	URL          SecretRef
	AllowPrivate bool
}

// Ping is a channel that is pinged for as long as the scheduler lives, so that somebody else tells when it does not.
type Ping struct {
	URL          Given
	Every        time.Duration
	AllowPrivate bool
}

// Given is a text that stands in the configuration, or a reference to a secret that holds it.
type Given struct {
	Text   string
	Secret *SecretRef
}
