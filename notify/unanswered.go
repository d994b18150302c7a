package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/haulier/haulier/job"
)

// unanswered says why there was no answer. What a library says has the address in it, which may be a secret: only what is known
// to be harmless is said.
func unanswered(err error) result {
	var dns *net.DNSError
	var bad *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout net.Error
	var errno syscall.Errno
	switch {
	case errors.Is(err, errAddress):
		return failed("channel.address", "the target's name leads to this machine, a private network or a cloud's own addresses", "allow_private: true, if it is ours; addresses of the cloud are never asked", job.WhoUs)
	case errors.As(err, &bad), errors.As(err, &record), errors.As(err, &alert):
		return failed("channel.tls", "no encrypted connection was made: "+tlsCause(err), "let the other side mend its certificate, or correct the address", job.WhoUs)
	case errors.As(err, &dns):
		return failed("channel.unreachable", "the target's name is not known to the DNS", "correct the name, or look at the DNS", job.WhoNetwork)
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return failed("channel.timeout", "no answer in time: a firewall drops packets, or the other side is overloaded", "look whether it can be reached from this machine", job.WhoNetwork)
	case errors.As(err, &errno):
		return failed("channel.unreachable", "no connection: "+errno.Error(), "look whether it runs and can be reached from this machine", job.WhoNetwork)
	}
	return failed("channel.unreachable", "the connection ended before there was an answer", "look whether it runs and can be reached from this machine", job.WhoNetwork)
}

func tlsCause(err error) string {
	var bad *tls.CertificateVerificationError
	if errors.As(err, &bad) {
		return bad.Err.Error()
	}
	return "the other side speaks no TLS that we do"
}
