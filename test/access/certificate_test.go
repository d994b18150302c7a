package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certify writes a certificate of this number for this machine.
func (h *house) certify(number int64) {
	h.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(number), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	private, err2 := x509.MarshalPKCS8PrivateKey(key)
	for name, block := range map[string]*pem.Block{"tls.crt": {Type: "CERTIFICATE", Bytes: cert}, "tls.key": {Type: "PRIVATE KEY", Bytes: private}} {
		err = errors.Join(err, os.WriteFile(filepath.Join(h.dir, name), pem.EncodeToMemory(block), 0o600))
	}
	if err := errors.Join(err, err2); err != nil {
		h.t.Fatal(err)
	}
}

// shown is the number of the certificate that the daemon shows.
func (s *served) shown() int64 {
	s.t.Helper()
	c, err := tls.Dial("tcp", s.listen, &tls.Config{InsecureSkipVerify: true}) // it is looked at here
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// A certificate that was renewed is shown after a reload, to whoever comes next; one that is no good leaves the one before it.
func TestCertificateIsReadAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: the built program")
	}
	h := newHouse(t)
	h.certify(1)
	path := filepath.Join(h.dir, "haulier.yaml")
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(strings.NewReplacer("public_url: \"http:", "tls: {cert: tls.crt, key: tls.key}, public_url: \"https:").Replace(string(text))), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := h.begin(func(s *served) bool {
		c, err := tls.Dial("tcp", s.listen, &tls.Config{InsecureSkipVerify: true})
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	if got := s.shown(); got != 1 {
		t.Errorf("certificate %d is shown first", got)
	}
	h.certify(2)
	s.haulier(t, "", "reload")
	if got := s.shown(); got != 2 {
		t.Errorf("after a reload certificate %d is shown", got)
	}
	if err := os.WriteFile(filepath.Join(h.dir, "tls.crt"), []byte("half of it"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.haulier(t, "", "reload")
	if got := s.shown(); got != 2 {
		t.Errorf("after one that is no good certificate %d is shown", got)
	}
}
