package sftp

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
)

const untouched = "no file was touched on either side"

func who(e job.Endpoint) string { return fmt.Sprintf("%q on %s", e.User, address(e)) }

// network makes a reason that time may heal.
func network(slug, cause, do string, err error) *job.Reason {
	return &job.Reason{
		Slug: slug, What: untouched, Cause: cause, Do: do, Who: job.WhoNetwork, Temporary: true,
		Technical: technical(err), Err: err,
	}
}

func technical(err error) string {
	if err == nil {
		return ""
	}
	return printable(err.Error())
}

// An endError says that whoever asked no longer wants the answer: its context ended.
type endError struct{ cause error }

func (e *endError) Error() string { return "given up: " + e.cause.Error() }
func (e *endError) Unwrap() error { return e.cause }

// ended speaks for an act that its context ended: the run was stopped or its time is over. A cause that speaks for itself
// is kept.
func ended(what string, err error) *job.Reason {
	var cause *job.Reason
	if errors.As(err, &cause) {
		return cause
	}
	return &job.Reason{
		Slug: "run.interrupted", What: what, Cause: "the run was ended before it was through",
		Do: "nothing; the next run goes on from there", Who: job.WhoUs, Technical: technical(err), Err: err,
	}
}

func isEnd(err error) bool {
	var end *endError
	return errors.As(err, &end)
}

// dialReason speaks for a connection that did not come about.
func (h *hop) dialReason(err error) *job.Reason {
	var already *job.Reason
	var denied *deniedError
	var dns *net.DNSError
	var proxied *proxyError
	var tunnel *tunnelError
	target := address(h.endpoint)
	switch {
	case isEnd(err):
		return ended(untouched, err)
	case errors.As(err, &already):
		return already
	case errors.As(err, &denied):
		return &job.Reason{
			Slug: "net.denied", What: untouched, Cause: fmt.Sprintf("%s leads to %v, which lies in %v of deny_networks", h.endpoint.Host, denied.address, denied.network),
			Do: "check the host, and deny_networks of this connection", Who: job.WhoUs, Err: err,
		}
	case errors.As(err, &proxied):
		return h.proxyReason(proxied)
	case errors.As(err, &tunnel):
		return h.tunnelReason(tunnel)
	case errors.As(err, &dns):
		return h.dnsReason(dns)
	case errors.Is(err, syscall.ECONNREFUSED):
		r := network("net.refused", fmt.Sprintf("%s answered, and said no: a firewall rejects %s, the service is stopped, or it listens on another port (3333 and 2222 are common)",
			target, h.egress()), h.allow(), err)
		return r
	case isDialTimeout(err):
		return network("net.timeout", fmt.Sprintf("%s did not answer within %v: most often a firewall drops what comes from %s", target, h.timeouts.Connect, h.egress()),
			h.allow(), err)
	}
	return network("net.unreachable", fmt.Sprintf("there is no way from here to %s", target),
		"check bind_address, the network of this machine and the host", err)
}

func isDialTimeout(err error) bool {
	var timeout net.Error
	var ours *timeoutError
	return errors.As(err, &ours) || errors.As(err, &timeout) && timeout.Timeout()
}

func (h *hop) dnsReason(e *net.DNSError) *job.Reason {
	if e.IsNotFound {
		return network("net.dns", fmt.Sprintf("there is no host of the name %q", h.endpoint.Host),
			"compare the host with what the customer wrote; it may have moved to another name", e)
	}
	return network("net.dns", fmt.Sprintf("the name %q could not be looked up", h.endpoint.Host),
		"check the name servers of this machine", e)
}

func (h *hop) proxyReason(e *proxyError) *job.Reason {
	cause := fmt.Sprintf("the proxy %s can't be reached", e.proxy)
	if e.reached {
		cause = fmt.Sprintf("the proxy %s made no connection to %s", e.proxy, address(h.endpoint))
	}
	return network("net.proxy", cause, fmt.Sprintf("ask your network team to let the proxy reach %s", address(h.endpoint)), e)
}

func (h *hop) tunnelReason(e *tunnelError) *job.Reason {
	var refused *ssh.OpenChannelError
	if errors.As(e.err, &refused) && refused.Reason == ssh.Prohibited {
		r := network("net.jump_refused", fmt.Sprintf("the jump host does not forward to %s", address(h.endpoint)),
			"allow our user there to forward TCP to this address (AllowTcpForwarding, PermitOpen)", e)
		r.Temporary = false
		return r
	}
	return network("net.jump", fmt.Sprintf("the jump host made no connection to %s", address(h.endpoint)), h.allow(), e)
}

// egress is where we come from, as the customer sees it.
func (h *hop) egress() string {
	if len(h.pool.opts.EgressIPs) == 0 {
		return "our address"
	}
	return strings.Join(h.pool.opts.EgressIPs, ", ")
}

func (h *hop) allow() string {
	return fmt.Sprintf("ask the customer's network team to allow TCP port %d from %s; on our side, allow the host by name: its address may change",
		h.endpoint.Port, h.egress())
}

func (h *hop) notSSH(e *notSSHError) *job.Reason {
	what := "another service"
	if e.protocol != "" {
		what = e.protocol
	}
	return &job.Reason{
		Slug: "net.not_ssh", What: untouched,
		Cause: fmt.Sprintf("port %d of %s does not speak SSH but %s; it greets with %q", h.endpoint.Port, h.endpoint.Host, what, e.greeting),
		Do:    "ask the customer for the host and port of SFTP (SSH); FTPS is another protocol, and is not supported",
		Who:   job.WhoCustomer, Technical: technical(e), Err: e,
	}
}

// lostReason speaks for a connection that ended before the login was decided.
func (h *hop) lostReason(err error) *job.Reason {
	ready, said := h.line.greeted()
	if ready {
		return network("net.lost", fmt.Sprintf("%s closed the connection before the login was decided", address(h.endpoint)),
			"nothing yet; it is tried again", err)
	}
	cause := fmt.Sprintf("%s takes the connection and closes it before a word of SSH", address(h.endpoint))
	if said != "" {
		cause += fmt.Sprintf(", saying %q", said)
	}
	r := network("net.closed_early", cause+": most often "+h.egress()+" is not on its list of allowed addresses, or too many connections are open",
		h.allow(), err)
	return r
}

// handshakeReason speaks for a handshake that ended before the login began.
func (h *hop) handshakeReason(err error) *job.Reason {
	var ours *timeoutError
	switch {
	case errors.As(err, &ours):
		return h.slow(ours)
	case isEnd(err):
		return ended(untouched, err)
	}
	return &job.Reason{
		Slug: "ssh.handshake", What: untouched, Cause: fmt.Sprintf("%s speaks SSH, and the handshake went wrong", address(h.endpoint)),
		Do: "show the text below to whoever runs the server", Who: job.WhoCustomer, Technical: technical(err), Err: err,
	}
}

func (h *hop) slow(e *timeoutError) *job.Reason {
	return network("net.timeout", fmt.Sprintf("%s took the connection, and login and start of SFTP were not through within %v", address(h.endpoint), e.after),
		"if the server is always that slow, raise timeouts.handshake of the connection", e)
}

// startReason speaks for a login that worked and SFTP that did not begin.
func (h *hop) startReason(err error) *job.Reason {
	var subsystem *subsystemError
	var ours *timeoutError
	switch {
	case errors.As(err, &ours):
		return h.slow(ours)
	case isEnd(err):
		return ended(untouched, err)
	case errors.Is(err, wire.ErrSilent):
		return h.slow(&timeoutError{errNoAnswer, h.timeouts.Operation})
	case errors.As(err, &subsystem):
		return &job.Reason{
			Slug: "ssh.no_sftp", What: untouched, Cause: fmt.Sprintf("the login works, but %s has no SFTP for user %q", address(h.endpoint), h.endpoint.User),
			Do: "ask the customer to allow SFTP for this user", Who: job.WhoCustomer, Technical: technical(err), Err: err,
		}
	case !notSFTP(err) && (openRefused(err) || broken(err) || h.line.ended.Load()):
		r := network("remote.too_many_connections", fmt.Sprintf("%s ended the session right after the login of %q: most often the account has too many connections open",
			address(h.endpoint), h.endpoint.User), "lower max_connections, or ask the customer for their limit", err)
		r.Who = job.WhoBoth
		return r
	}
	return &job.Reason{
		Slug: "remote.protocol", What: untouched, Cause: fmt.Sprintf("what %s sends after the login is not SFTP; a login script that prints is the usual cause", address(h.endpoint)),
		Do: "ask the customer to let the account do SFTP only (internal-sftp)", Who: job.WhoCustomer, Technical: technical(err), Err: err,
	}
}

// notSFTP says whether the server sent something, and it was not SFTP.
func notSFTP(err error) bool {
	return errors.Is(err, wire.ErrNotSFTP) || errors.Is(err, wire.ErrProtocol)
}

// A jumpError marks a failure on a jump host.
type jumpError struct {
	name string
	err  error
}

func (e *jumpError) Error() string { return "jump host " + e.name + ": " + e.err.Error() }
func (e *jumpError) Unwrap() error { return e.err }

// viaJump names the jump host in a failure.
func viaJump(name string, err error) error {
	marked := &jumpError{name, err}
	var r *job.Reason
	if !errors.As(err, &r) {
		return marked
	}
	named := *r
	named.Cause = fmt.Sprintf("jump host %s: %s", name, r.Cause)
	named.Err = marked
	return &named
}
