package config

import (
	"bytes"
	"cmp"
	_ "embed"
	"net"
	"strconv"
	"strings"
	"text/template"
)

// Answers are what `haulier init` asks. Every one may be empty.
type Answers struct {
	Timezone   string // IANA; empty: UTC
	Connection string // technical name; empty: acme
	Host       string // empty: sftp.acme.example
	Port       int    // 0: 22
	User       string // empty: platform
	Password   string // stored name of the password; empty: login by a generated key with the connection's name
}

//go:embed initial.yaml.tmpl
var initialText string

var initialTemplate = template.Must(template.New("haulier.yaml").Funcs(template.FuncMap{"text": scalarText}).Parse(initialText))

// InitialConfig gives an annotated haulier.yaml for a first connection, with one import and one export. It loads as it
// is when the answers are good; Load says what is wrong with those that are not.
func InitialConfig(a Answers) ([]byte, error) {
	a.Timezone = cmp.Or(a.Timezone, "UTC")
	a.Connection = cmp.Or(a.Connection, "acme")
	a.Host = cmp.Or(a.Host, "sftp."+a.Connection+".example")
	a.User = cmp.Or(a.User, "platform")
	if host, port, err := net.SplitHostPort(a.Host); err == nil && a.Port == 0 && !strings.Contains(host, ":") {
		if n, err := strconv.Atoi(port); err == nil {
			a.Host, a.Port = host, n
		}
	}
	a.Port = cmp.Or(a.Port, 22)
	var b bytes.Buffer
	err := initialTemplate.Execute(&b, a)
	return b.Bytes(), err
}
