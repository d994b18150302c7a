package config

import (
	"net/mail"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v4"
)

// readURL takes an address that is asked over HTTP. What is wrong with it is said without repeating it: who knows such an
// address can often use it.
func readURL(f *field, n *yaml.Node) (any, *fault) {
	u, err := url.Parse(n.Value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, badf("E-VALUE", "is no web address; write it as https://host/path")
	case u.User != nil:
		return nil, badf("E-SECRET-INLINE", "holds a user or password. %s, for the whole address", howSecrets)
	case u.Fragment != "":
		return nil, badf("E-VALUE", "has a part behind #, which is never sent")
	}
	return readText(f, n)
}

// readMail takes a bare address, so that nothing of it can become a header of its own.
func readMail(f *field, n *yaml.Node) (any, *fault) {
	address, err := mail.ParseAddress(n.Value)
	if err != nil || address.Address != n.Value || address.Name != "" || strings.ContainsAny(n.Value, "<>\" ,;") {
		return nil, badf("E-VALUE", "%s is no mail address; write it alone, such as ops@platform.example", quoted(n.Value))
	}
	return readText(f, n)
}
