package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/haulier/haulier/config"
)

// answers are what init must know. An empty one is asked for, or guessed.
type answers struct{ zone, connection, host, user, first string }

// complete asks for what the flags left open, or takes what would stand in brackets.
func (w *answers) complete(ctx context.Context, a *app, yes bool) error {
	p := newPrompter(a)
	for _, q := range []struct {
		text     string
		answer   *string
		fallback func() string
		judge    func(string) error
	}{
		{"Time zone of schedules", &w.zone, localZone, checkZone},
		{"Name of the first connection", &w.connection, func() string { return "acme" }, checkName},
		{"Host of the customer's server", &w.host, func() string { return "sftp." + w.connection + ".example" }, checkHost},
		{"User name there", &w.user, func() string { return "platform" }, checkUser},
		{"First job: import, export or both", &w.first, func() string { return "both" }, checkFirst},
	} {
		var err error
		switch {
		case *q.answer != "":
			err = q.judge(*q.answer)
		case yes:
			*q.answer = q.fallback()
		default:
			*q.answer, err = p.ask(ctx, q.text, q.fallback(), q.judge)
		}
		if errors.Is(err, errNoAnswer) {
			err = fmt.Errorf("%w; --yes takes what is in brackets", err)
		}
		if err != nil && ctx.Err() == nil {
			return usage(fmt.Errorf("nothing was written: %w", err))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// text is the configuration. It comes with one import and one export; what was not asked for is left out.
func (w *answers) text() (string, error) {
	text, err := config.InitialConfig(config.Answers{Timezone: w.zone, Connection: w.connection, Host: w.host, User: w.user})
	if err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	switch w.first {
	case "import":
		return withoutJob(string(text), w.connection+"-export"), nil
	case "export":
		return withoutJob(string(text), w.connection+"-import"), nil
	}
	return string(text), nil
}

// withoutJob leaves the paragraph of a job out. Jobs come last, a paragraph each.
func withoutJob(text, name string) string {
	const section = "\njobs:\n"
	head, jobs, _ := strings.Cut(text, section)
	paragraphs := slices.DeleteFunc(strings.Split(strings.TrimSpace(jobs), "\n\n"), func(paragraph string) bool {
		return strings.Contains("\n"+paragraph+"\n", "\n  "+name+":\n")
	})
	return head + section + "  " + strings.TrimSpace(strings.Join(paragraphs, "\n\n")) + "\n"
}

// namePattern leaves room for the endings of the job names.
var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,55}$`)

func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("%q is not a name for a connection: small letters, digits and -, beginning with a letter or digit, at most 56", name)
	}
	return nil
}

func checkZone(name string) error {
	if name == "" || name == "Local" {
		return fmt.Errorf("%q is not a time zone: write a name such as Europe/Brussels", name)
	}
	if _, err := time.LoadLocation(name); err != nil {
		return fmt.Errorf("there is no time zone %q: write a name such as Europe/Brussels", name)
	}
	return nil
}

func checkHost(host string) error {
	if strings.Contains(host, "@") {
		return errors.New("what was given is not a host, and may hold a password: write the name of the host alone, such as sftp.acme.example")
	}
	if strings.Contains(host, "/") || hasBlanks(host) {
		return fmt.Errorf("%q is not a host: write its name alone, such as sftp.acme.example, or with a port behind a colon", host)
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return nil // no port
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is not a port: it is a number from 1 to 65535", port)
	}
	if name == "" {
		return fmt.Errorf("%q lacks the host before the colon", host)
	}
	return nil
}

func checkUser(user string) error {
	if strings.TrimSpace(user) != user || strings.ContainsFunc(user, unicode.IsControl) {
		return fmt.Errorf("%q is not a user name: it has blanks at its ends, or unprintable characters", user)
	}
	return nil
}

func checkFirst(text string) error {
	if text != "import" && text != "export" && text != "both" {
		return fmt.Errorf("%q is not a first job: it is import, export or both", text)
	}
	return nil
}

func hasBlanks(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}
