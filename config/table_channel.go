package config

import (
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

func onlyFor(t job.ChannelType) func(*field) { return func(f *field) { f.only = job.Type(t) } }

var (
	mailOnly    = onlyFor(job.ChannelMail)
	webhookOnly = onlyFor(job.ChannelWebhook)
	shoutOnly   = onlyFor(job.ChannelShout)
	pingOnly    = onlyFor(job.ChannelPing)
)

// eventWords are the types of events that a webhook can ask for, each family before its types.
var eventWords = func() (words []string) {
	for _, kind := range job.EventTypes {
		family, _, _ := strings.Cut(kind, ".")
		if !slices.Contains(words, family+".*") {
			words = append(words, family+".*")
		}
		words = append(words, kind)
	}
	return words
}()

var channelsTable = dict("channels", "channel", "Where alerts and events go, by technical name.",
	word("type", "", "How it tells. email: mail to people. webhook: signed requests to a program. shoutrrr: chat, paging and SMS. healthchecks: a "+
		"ping for as long as the scheduler lives, so that somebody else tells when it does not.",
		string(job.ChannelMail), string(job.ChannelWebhook), string(job.ChannelShout), string(job.ChannelPing)).with(needed),
	field{key: "fallback", kind: kRef, example: "oncall", unset: "none",
		help: "Channel that is told when this one is dead: alerts go there too while this one fails, and so does the news that it was given up."},

	listOf("to", field{kind: kMail, example: "ops@platform.example"}, "Who gets the mail.").with(needed).with(singly).with(mailOnly),
	field{key: "from", kind: kMail, example: "haulier@platform.example", unset: "haulier@ the name of this machine", help: "Sender of the mail."}.with(mailOnly),
	field{key: "contacts", kind: kFlag, def: "false", help: "true: mail goes to the connection's contacts as well, in words for them and " +
		"without our paths and names, where the failure is the customer's or the network's to mend."}.with(mailOnly),
	smtpTable.with(mailOnly),

	given("url", "https://api.platform.example/hooks/haulier", "Where requests go, https unless it is this machine. Where the URL itself is a secret: {env: NAME} and the like.").
		with(needed).with(webhookOnly),
	listOf("signing_secret", field{kind: kSecret, example: "{credential: whsec}"},
		"Secret that the requests are signed with: whsec_ and base64 (Standard Webhooks). Two while one is replaced by the other: each "+
			"signs every request.").with(needed).with(singly).with(webhookOnly),
	listOf("events", field{kind: kWord, words: eventWords, example: "file.landed"}, "What is told, by type or family.").
		with(singly).with(webhookOnly).with(func(f *field) { f.unset = "everything" }),
	word("format", "standard", "standard: {type, timestamp, data}. cloudevents: CloudEvents 1.0 with the same data, signed alike.",
		string(job.FormatStandard), string(job.FormatCloudEvents)).with(webhookOnly),
	allowPrivate.with(webhookOnly),

	field{key: "url", kind: kSecret, need: true, example: "{env: PAGER_URL}",
		help: "URL of the service, as shoutrrr writes it: slack://…, teams://…, pagerduty://…, twilio://… and so on. It holds tokens, so it is a secret. Services of chat, paging and SMS, over TLS; no smtp, mqtt or logger."}.with(shoutOnly),
	allowPrivate.with(shoutOnly),

	given("ping_url", "https://hc-ping.com/0f6a…", "URL that is asked (GET) as long as the scheduler lives. Who knows it can ping, so it is better a secret.").
		with(needed).with(pingOnly).with(func(f *field) { f.example = "{env: HC_URL}" }),
	field{key: "every", kind: kDuration, def: "1m", min: int64(10 * time.Second), help: "Time between two pings."}.with(pingOnly),
	allowPrivate.with(pingOnly),
)

var smtpTable = object("smtp", "The mail server that takes our mail. Default: the one of this machine, localhost:25, without encryption.",
	field{key: "host", kind: kHost, need: true, example: "smtp.platform.example", help: "Name of the server; its certificate must bear it."},
	field{key: "port", kind: kCount, min: 1, max: 65535, example: "587", unset: "587; 465 with tls: tls, 25 with tls: none", help: "TCP port."},
	field{key: "username", kind: kText, example: "haulier", unset: "no login", help: "User on the mail server."},
	field{key: "password", kind: kSecret, example: "{file: /run/secrets/smtp}", help: "Password on the mail server."},
	word("tls", "starttls", "starttls: the server must change over to TLS before anything is said. tls: from the first byte. none: no "+
		"encryption, on loopback only.", string(job.TLSStart), string(job.TLSFull), string(job.TLSNone)),
)

var allowPrivate = field{key: "allow_private", kind: kFlag, def: "false",
	help: "true: the target may be on this machine or in a private network. Link-local addresses, where clouds keep their credentials, are refused all the same."}

// given is a URL that stands in the file or, being a secret, elsewhere.
func given(key, example, help string) field {
	return choice(key, help, field{kind: kURL, example: example}, field{kind: kSecret, example: "{env: NAME}"})
}
