package sftp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftp/wire"
)

func algorithmsText(a ssh.NegotiatedAlgorithms) string {
	return "kex " + printable(a.KeyExchange) + ", " + printable(a.Write.Cipher)
}

func (h *hop) hostKeyDetail() string {
	text := h.hostKey.Type() + " " + ssh.FingerprintSHA256(h.hostKey) + " matches the pin"
	switch {
	case h.pins.exclusive:
		text += " in host_keys"
	case !h.pinned.added.IsZero():
		text += " of " + h.pinned.added.UTC().Format(time.DateOnly)
	}
	return text
}

func (h *hop) loginDetail() string {
	text := fmt.Sprintf("user %q by %s", h.endpoint.User, h.login.methods())
	if given, all := h.login.password(); given >= 0 && h.endpoint.Auth.Successor != nil {
		if from := all[given].from; from.IsZero() {
			text += ", the old password"
		} else {
			text += ", the password from " + from.Format("2006-01-02") + " on"
		}
	}
	if k, ok := h.login.key(); ok {
		text += fmt.Sprintf(" with key %s %s", k.name, ssh.FingerprintSHA256(k.signer.PublicKey()))
	}
	return text
}

func (h *hop) jumpDetail() string {
	return fmt.Sprintf("%s, %s, %s", address(h.endpoint), h.hostKeyDetail(), h.loginDetail())
}

func extensionsText(c *wire.Client) string {
	var names []string
	for name := range c.Extensions() {
		names = append(names, name)
	}
	if len(names) == 0 {
		return "version 3, no extensions"
	}
	slices.Sort(names)
	return "version 3, " + strings.ReplaceAll(list(names), "@openssh.com", "")
}
