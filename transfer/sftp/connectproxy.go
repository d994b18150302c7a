package sftp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/proxy"
)

const mostProxyHeader = 8 << 10 // bytes of a proxy's answer

// dialConnect asks an HTTP proxy for a tunnel (CONNECT).
func dialConnect(ctx context.Context, direct dialFunc, proxyAddress string, login *proxy.Auth, target string) (net.Conn, error) {
	conn, err := direct.DialContext(ctx, "tcp", proxyAddress)
	if err != nil {
		return nil, err
	}
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	err = askTunnel(conn, login, target)
	if !release() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return conn, nil
}

func askTunnel(conn net.Conn, login *proxy.Auth, target string) error {
	request := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
	if login != nil {
		pair := base64.StdEncoding.EncodeToString([]byte(login.User + ":" + login.Password))
		request += "Proxy-Authorization: Basic " + pair + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		return err
	}
	header, err := readHeader(conn)
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(header)), &http.Request{Method: http.MethodConnect})
	if err != nil {
		return fmt.Errorf("the proxy's answer is not HTTP: %s", printable(string(header)))
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy refused the tunnel: %s", printable(response.Status))
	}
	return nil
}

// readHeader reads up to the empty line and not a byte more: what follows is the server's.
func readHeader(conn net.Conn) ([]byte, error) {
	var header []byte
	var one [1]byte
	for !bytes.HasSuffix(header, []byte("\r\n\r\n")) {
		if len(header) == mostProxyHeader {
			return nil, errors.New("the proxy's answer does not end")
		}
		if _, err := conn.Read(one[:]); err != nil {
			return nil, err
		}
		header = append(header, one[0])
	}
	return header, nil
}
