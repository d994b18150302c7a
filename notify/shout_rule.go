package notify

import (
	"context"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// shoutServices are the services of shoutrrr that a channel may name, and whether the URL's host is the machine that is asked: of the
// others it is part of a token, and they are asked where they are.
var shoutServices = map[string]bool{
	"discord": false, "ifttt": false, "join": false, "notifiarr": false, "pushbullet": false, "pushover": false, "slack": false, "telegram": false,
	"twilio": false, "wecom": false, "teams": false,
	"bark": true, "generic": true, "googlechat": true, "gotify": true, "hangouts": true, "lark": true, "matrix": true, "mattermost": true, "ntfy": true,
	"opsgenie": true, "pagerduty": true, "rocketchat": true, "signal": true, "zulip": true,
}

// ShoutFault says what is against a URL of shoutrrr, as far as that can be seen without asking anybody; empty: nothing. Of the URL, which
// is a secret, nothing is repeated.
func ShoutFault(target string, withPrivate bool) string {
	u, err := url.Parse(target)
	if err != nil {
		return "it is no URL"
	}
	if _, permitted := shoutServices[u.Scheme]; !permitted {
		return "its service is none of those that may be told: " + strings.Join(slices.Sorted(maps.Keys(shoutServices)), ", ")
	}
	hosts := shoutHosts(u)
	if plain(u.Query()) && !(withPrivate && len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool { return !isLoopback(h) })) {
		return "it turns encryption, or the look at certificates, off: whoever is on the way could read alerts and tokens"
	}
	for _, host := range hosts {
		if ip, err := netip.ParseAddr(host); err == nil && !allowed(ip, withPrivate) || isLoopback(host) && !withPrivate {
			return "it leads to this machine, a private network or a cloud's own addresses"
		}
	}
	return ""
}

// shoutHosts are the machines that a URL names.
func shoutHosts(u *url.URL) (hosts []string) {
	if host := u.Hostname(); host != "" && shoutServices[u.Scheme] {
		hosts = append(hosts, host)
	}
	for key, values := range u.Query() {
		if strings.EqualFold(key, "host") {
			hosts = append(hosts, values...)
		}
	}
	return hosts
}

// plain says whether a URL turns off what keeps others from reading: each service has words of its own for that.
func plain(query url.Values) bool {
	for key, values := range query {
		key = strings.ToLower(key)
		off := strings.Contains(key, "tls") || strings.Contains(key, "insecure") || strings.Contains(key, "verif")
		for _, value := range values {
			value = strings.ToLower(value)
			if off && !slices.Contains([]string{"", "no", "false", "0"}, value) || key == "scheme" && value != "https" {
				return true
			}
		}
	}
	return false
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// mayShout judges a URL just before it is used, by the addresses that its hosts have at that moment.
func (s *Sender) mayShout(ctx context.Context, target string, withPrivate bool) *job.Reason {
	if fault := ShoutFault(target, withPrivate); fault != "" {
		return failed("channel.shoutrrr", "the URL may not be used: "+fault, "set the secret to a URL that may; allow_private: true, if the service is in our own network", job.WhoUs).Reason
	}
	u, _ := url.Parse(target) // it was parsed before
	for _, host := range shoutHosts(u) {
		found, err := s.Resolve(ctx, host)
		if err != nil {
			return unanswered(err).Reason
		}
		if slices.ContainsFunc(found, func(ip netip.Addr) bool { return !allowed(ip, withPrivate) }) {
			return unanswered(errAddress).Reason
		}
	}
	return nil
}
