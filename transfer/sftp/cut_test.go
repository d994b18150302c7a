package sftp

import (
	"errors"
	"testing"

	"golang.org/x/crypto/ssh"
)

// A line that ends behind an answer, with more to offer, is a refusal only where the answer was one: the library says the same of both.
func TestLineThatEndsBehindAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		offered []string
		state   ssh.ClientAuthContext
		want    string
	}{
		"to none":             {nil, ssh.ClientAuthContext{TriedMethods: []string{"none"}}, "net.lost"},
		"that took our key":   {[]string{methodKey}, ssh.ClientAuthContext{TriedMethods: []string{"none"}, PartialSuccessMethods: []string{methodKey}}, "net.lost"},
		"that is a refusal":   {[]string{methodPassword}, ssh.ClientAuthContext{TriedMethods: []string{"none", methodPassword}}, "auth.password_rejected"},
		"that refuses a key":  {[]string{methodKey}, ssh.ClientAuthContext{TriedMethods: []string{"none", methodKey}}, "auth.key_rejected"},
		"key, then a refusal": {[]string{methodKey, methodPassword}, ssh.ClientAuthContext{TriedMethods: []string{"none", methodPassword}, PartialSuccessMethods: []string{methodKey}}, "auth.password_rejected"},
	} {
		h := &hop{pool: NewPool(Options{}), line: &line{ready: true}, login: &login{offered: c.offered}}
		c.state.AllowedMethods, c.state.Metadata = []string{methodKey, methodPassword}, &metadata{}
		h.login.decided(&c.state)
		if got := h.failure(errors.New("ssh: unable to authenticate, no supported methods remain")); got.Slug != c.want || got.Temporary != (c.want == "net.lost") {
			t.Errorf("%s: %+v", name, got)
		}
		if refused := h.refused != nil; refused != (c.want != "net.lost") {
			t.Errorf("%s: counted as a refusal: %v", name, refused)
		}
	}
}

type metadata struct{ ssh.ConnMetadata }
