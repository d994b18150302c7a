package notify

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// mailPatience bounds one mail, login and all: servers look at a mail before they take it.
const mailPatience = 60 * time.Second

// mail sends one mail to one recipient.
func (s *Sender) mail(ctx context.Context, c job.Channel, d job.Delivery) result {
	if !s.wanted(c, d) {
		return result{Dropped: true, Reason: &job.Reason{
			Slug: "channel.refused", What: "the message was not delivered", Cause: "the recipient is not in the configuration any more", Do: "haulier check", Who: job.WhoUs,
		}}
	}
	password, err := s.password(ctx, c.Mail.SMTP)
	if err != nil {
		return failedBecause(err)
	}
	defer password.Wipe()
	message, err := s.compose(*c.Mail, d)
	if err != nil {
		return failed("channel.refused", "the mail cannot be written: an address is none", "haulier check", job.WhoUs)
	}
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	if err := s.hand(ctx, c.Mail.SMTP, password, message); err != nil && !message.IsDelivered() { // once it is taken, nothing that follows counts
		return unmailed(err, password)
	}
	return result{Status: 250, Detail: "taken by the mail server"}
}

// wanted says whether the configuration still has the recipient.
func (s *Sender) wanted(c job.Channel, d job.Delivery) bool {
	if !d.Contact {
		return slices.Contains(c.Mail.To, d.Recipient)
	}
	connection, _ := s.Connection(d.Connection)
	return c.Mail.Contacts && slices.Contains(connection.Contacts, d.Recipient)
}

func (s *Sender) password(ctx context.Context, m job.SMTP) (secret.Text, error) {
	if m.Password == nil {
		return secret.Text{}, nil
	}
	return s.Secrets.Reveal(ctx, *m.Password)
}

// compose writes the mail. Its id and its date are those of the delivery, in every attempt.
func (s *Sender) compose(m job.Mail, d job.Delivery) (*mail.Msg, error) {
	from := m.From
	if from == "" {
		host, _ := os.Hostname()
		if host == "" {
			host = "localhost"
		}
		from = "haulier@" + host
	}
	_, domain, _ := strings.Cut(from, "@")
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(from), message.To(d.Recipient)); err != nil {
		return nil, err
	}
	l := s.letter(d)
	message.SetMessageIDWithValue(d.MessageID + "@" + domain)
	message.SetDateWithValue(d.Made.UTC())
	message.Subject(l.subject)
	message.SetGenHeader("Auto-Submitted", "auto-generated")
	message.SetGenHeader("X-Auto-Response-Suppress", "All")
	if l.thread != "" {
		message.SetGenHeader("References", "<"+l.thread+"@"+domain+">")
	}
	message.SetBodyString(mail.TypeTextPlain, l.body)
	return message, nil
}

// hand gives a mail to a server.
func (s *Sender) hand(ctx context.Context, m job.SMTP, password secret.Text, message *mail.Msg) error {
	options := []mail.Option{
		mail.WithPort(m.Port), mail.WithTimeout(mailPatience), mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithDialContextFunc(s.mailDial(ctx, m)),
		mail.WithTLSConfig(&tls.Config{ServerName: m.Host, MinVersion: tls.VersionTLS12}),
	}
	switch m.TLS {
	case job.TLSNone:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	case job.TLSFull:
		options = append(options, mail.WithSSL())
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.User != "" {
		auth := mail.SMTPAuthAutoDiscover
		if m.TLS == job.TLSNone { // on loopback only
			auth = mail.SMTPAuthPlainNoEnc
		}
		options = append(options, mail.WithSMTPAuth(auth), mail.WithUsername(m.User), mail.WithPassword(string(password.Reveal())))
	}
	client, err := mail.NewClient(m.Host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, message)
}

// mailDial gives connections that end with the context of the mail, not with that of their dialling: a server that hangs in the middle
// of its answers is let go of.
func (s *Sender) mailDial(whole context.Context, m job.SMTP) mail.DialContextFunc {
	dial := s.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: postPatience}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if m.TLS == job.TLSFull {
			if conn, err = encrypted(ctx, conn, m.Host); err != nil {
				return nil, err
			}
		}
		stop := context.AfterFunc(whole, func() { _ = conn.Close() })
		return &ending{Conn: conn, stop: stop}, nil
	}
}

// encrypted speaks TLS from the first byte.
func encrypted(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, postPatience)
	defer cancel()
	secure := tls.Client(conn, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// ending is a connection that a context ends.
type ending struct {
	net.Conn
	stop func() bool
}

func (e *ending) Close() error {
	e.stop()
	return e.Conn.Close()
}

// unmailed says why a mail server did not take a mail.
func unmailed(err error, password secret.Text) result {
	var refused *mail.SendError
	var answer *textproto.Error
	text := err.Error()
	switch {
	case strings.Contains(text, "AUTH failed"), errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(text, "SMTP AUTH"):
		return failed("channel.login", "the mail server refused user and password, or offers no login that we have", "haulier secrets set, or correct smtp.username; then haulier alerts test NAME", job.WhoUs)
	case strings.Contains(text, "STARTTLS") && strings.Contains(text, "not support"):
		return failed("channel.tls", "the mail server offers no STARTTLS, and nothing is sent in the clear", "tls: tls, or another port, if that is what the server wants", job.WhoUs)
	case errors.As(err, &refused) && refused.ErrorCode() >= 400:
		r := failed("channel.refused", fmt.Sprintf("the mail server answered %d%s", refused.ErrorCode(), saying(text, password)), "look at the address, and at the mail server's log", job.WhoUs)
		r.Status = refused.ErrorCode()
		return r
	case errors.As(err, &answer):
		r := failed("channel.refused", fmt.Sprintf("the mail server answered %d", answer.Code), "look at the mail server's log", job.WhoUs)
		r.Status = answer.Code
		return r
	}
	r := unanswered(err)
	r.Reason.Unknown = refused != nil && refused.Reason == mail.ErrSMTPDataClose // all of it was sent, and the answer is lost
	return r
}

// saying is what the server said besides, unless it repeats the password.
func saying(text string, password secret.Text) string {
	if secret := string(password.Reveal()); secret != "" && (strings.Contains(text, secret) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret)))) {
		return ""
	}
	return ": " + oneLine(text, causeMost/2)
}
