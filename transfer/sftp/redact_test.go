package sftp_test

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A server that knows our password says it back.
func TestAServerCannotMakeUsRepeatOurPassword(t *testing.T) {
	c := newCustomer(t, nil)
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "remove", Do: sftptest.Fail, Code: packet.Failure, Text: "user demo:" + password + "\x1b[2J may not"}}
	})
	err := open(t, c.pool, c.conn).Remove(t.Context(), "/x")
	r := want(t, err, "remote.failure")
	if all := r.What + r.Cause + r.Do + r.Technical; strings.Contains(all, password) || !strings.Contains(r.Technical, "***") {
		t.Errorf("it says %q", all)
	}
}

// What it says it may write in the ways in which programs write what they were sent; and we may have cut it off.
func TestAServerCannotMakeUsRepeatOurPasswordInOtherLetters(t *testing.T) {
	const secret = `Kan"a\rie %3+y/=7`
	b := []byte(secret)
	texts := map[string]string{
		"quoted": strconv.Quote(secret), "in hex": hex.EncodeToString(b), "in HEX": fmt.Sprintf("%X", b), "in a URL": url.QueryEscape(secret), "in a path": url.PathEscape(secret),
	}
	for before, pad := range []string{"", "a", "ab"} {
		texts[fmt.Sprint("in base64, behind ", before)] = base64.StdEncoding.EncodeToString([]byte(pad + secret + "tail"))
		texts[fmt.Sprint("in base64 of URLs, behind ", before)] = base64.URLEncoding.EncodeToString([]byte(pad + secret))
	}
	for before := range 30 {
		texts[fmt.Sprint("cut off behind ", before)] = strings.Repeat("x", 110+before) + secret
		texts[fmt.Sprint("cut off by the engine behind ", before)] = strings.Repeat("\x00", 600+10*before) + secret + strings.Repeat("\x00", 300)
	}
	c := newCustomer(t, func(o *sftptest.Options) { o.Users[0].Password = secret })
	c.byPassword()
	c.store.secrets["pw"] = secret
	s := open(t, c.pool, c.conn)
	for how, text := range texts {
		c.Change(func(k *sftptest.Knobs) {
			k.Faults = []sftptest.Fault{{Op: "remove", Do: sftptest.Fail, Code: packet.Failure, Text: "I was sent " + text}}
		})
		r := want(t, s.Remove(t.Context(), "/x"), "remote.failure")
		if strings.Contains(r.Technical, text) || strings.Contains(r.Technical, secret[:5]) || !strings.HasPrefix(how, "cut") && !strings.Contains(r.Technical, "***") {
			t.Errorf("%s it says %q", how, r.Technical)
		}
	}
}

// A proxy repeats the header by which we logged in to it.
func TestAProxyCannotMakeUsRepeatItsPassword(t *testing.T) {
	c := newCustomer(t, nil)
	const secret = "proxy-secret-77"
	c.store.secrets["proxy"] = secret
	pair := base64.StdEncoding.EncodeToString([]byte("svc:" + secret))
	c.conn.Proxy = &job.Proxy{Type: "http", User: "svc", Password: &job.SecretRef{Name: "proxy"}, Address: listen(t, func(conn net.Conn) {
		if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = fmt.Fprintf(conn, "HTTP/1.1 407 %s is %s here\r\n\r\n", request.Header.Get("Proxy-Authorization"), secret)
		}
	})}
	if r := c.refuse(t, "net.proxy"); !strings.Contains(r.Technical, "***") || strings.Contains(r.Technical, secret) || strings.Contains(r.Technical, pair) {
		t.Errorf("it says %q", r.Technical)
	}
}
