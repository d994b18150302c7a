package sftp_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// heard are the answers that a server got to its questions.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) asks(client ssh.KeyboardInteractiveChallenge, question string) {
	answers, err := client("", "", []string{question}, []bool{false})
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, answers...)
}

// Only a question for a password gets one, and one of two: a code that is asked for behind it, or in its place, gets neither the same nor the
// other, and nothing more is sent.
func TestNoPasswordForAQuestionForACode(t *testing.T) {
	refused := errors.New("refused")
	for name, test := range map[string]struct {
		questions []string
		slug      string
		answers   []string
	}{
		"behind the password":  {[]string{"Password: ", "Verification code: "}, "auth.second_factor_missing", []string{"first one"}},
		"in its place":         {[]string{"One-time password: "}, "auth.prompt", nil},
		"a token":              {[]string{"Enter PASSCODE: "}, "auth.prompt", nil},
		"the password twice":   {[]string{"Password: ", "Password: "}, "auth.password_rejected", []string{"first one", "second one"}},
		"a new one behind it":  {[]string{"Password: ", "New password: "}, "auth.second_factor_missing", []string{"first one"}},
		"the present one":      {[]string{"Password: ", "You must change your password immediately. Current password: "}, "auth.prompt", []string{"first one"}},
		"the old one":          {[]string{"Password: ", "(current) UNIX password: "}, "auth.prompt", []string{"first one"}},
		"what nobody can know": {[]string{"Name of your dog: "}, "auth.prompt", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got heard
			e := askingServer(t, func(client ssh.KeyboardInteractiveChallenge) error {
				for _, question := range test.questions {
					got.asks(client, question)
				}
				return refused
			})
			c := newCustomer(t, nil)
			c.conn.Host, c.conn.Port, c.conn.HostKeys = e.Host, e.Port, e.HostKeys
			c.follows(change.Add(-time.Hour), "first one", "second one")
			r := c.refuse(t, test.slug)
			last := strings.TrimSpace(test.questions[len(test.questions)-1])
			if !slices.Equal(got.all, test.answers) || test.slug != "auth.password_rejected" && !strings.Contains(r.Cause, last) {
				t.Errorf("%q were answered; %+v", got.all, r)
			}
			c.refuse(t, test.slug)
			if !slices.Equal(got.all, test.answers) {
				t.Errorf("behind the refusal %q were answered", got.all)
			}
		})
	}
}

// What is said with the second question, and was not with the first, is a reason not to take it for a refusal; the same again is one.
func TestWhatIsSaidWithTheSecondQuestion(t *testing.T) {
	for said, test := range map[string]struct{ first, slug string }{
		"Your password has expired.": {"", "auth.prompt"},
		"Welcome to ACME":            {"Welcome to ACME", "auth.password_rejected"},
	} {
		var got heard
		e := askingServer(t, func(client ssh.KeyboardInteractiveChallenge) error {
			for _, instruction := range []string{test.first, said} {
				answers, err := client("", instruction, []string{"Password: "}, []bool{false})
				if err != nil {
					return err
				}
				got.mu.Lock()
				got.all = append(got.all, answers...)
				got.mu.Unlock()
			}
			return errors.New("refused")
		})
		c := newCustomer(t, nil)
		c.conn.Host, c.conn.Port, c.conn.HostKeys = e.Host, e.Port, e.HostKeys
		if r := c.refuse(t, test.slug); test.slug == "auth.prompt" && !strings.Contains(r.Cause, said) || !slices.Equal(got.all, []string{password}) {
			t.Errorf("%q: %q were answered; %+v", said, got.all, r)
		}
	}
}
