package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// noting says whose use is noted by a request. A stream that goes on is none; and one that a page opens by itself, again and again, is no sign
// that somebody sits before it: it would keep a session from ending for ever.
type noting int

const (
	unnoted   noting = iota
	ofProgram        // of tokens
	ofAll            // of sessions too
)

// identify finds out who asks: by a token, by the proxy, or by a session. A token that is no good is not passed over.
func (g *Gate) identify(r *http.Request, note noting) (route.Identity, error) {
	if text, given := bearer(r.Header.Get("Authorization")); given {
		return g.byToken(r.Context(), text, note)
	}
	who, found, err := g.byProxy(r)
	if err != nil {
		return who, err
	}
	if key, has := g.cookie(r, sessionCookie); !found && has {
		if who, found, err = g.session(r.Context(), key, note); err != nil {
			return who, err
		}
	}
	switch {
	case !found:
		return who, wantsLogin()
	case unsourced(r): // what a browser adds by itself counts only where it says which page asks
		return who, crossSite()
	}
	return who, nil
}

// unsourced says that a request changes something and does not say which page it is from. Every browser of the last years does.
func unsourced(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
}

func (g *Gate) byToken(ctx context.Context, text string, note noting) (route.Identity, error) {
	id, ok := tokenID(text)
	if !ok {
		return route.Identity{}, badToken()
	}
	t, hash, err := g.Store.Token(ctx, id)
	if errors.Is(err, job.ErrNotFound) {
		return route.Identity{}, badToken()
	}
	if err != nil {
		return route.Identity{}, err
	}
	now := g.Now()
	switch {
	case subtle.ConstantTimeCompare(hash, hashOf(text)) != 1, !t.Revoked.IsZero():
		return route.Identity{}, badToken()
	case !now.Before(t.Expires):
		return route.Identity{}, tokenExpired(t)
	}
	if note >= ofProgram && now.Sub(t.Used) >= toTheMinute {
		if err := g.Store.UseToken(context.WithoutCancel(ctx), id, now); err != nil {
			return route.Identity{}, err
		}
	}
	return route.Identity{Name: "token:" + t.Name, Role: route.Role(t.Role), Sight: t.Sight, Token: true}, nil
}

// byProxy believes a trusted proxy who has logged in there.
func (g *Gate) byProxy(r *http.Request) (who route.Identity, found bool, err error) {
	if g.Proxy.User == "" || !g.Proxy.trusts(peer(r)) {
		return who, false, nil
	}
	for _, header := range []string{g.Proxy.User, g.Proxy.Roles, g.Proxy.Entities} {
		if header != "" && len(r.Header.Values(header)) > 1 { // the proxy adds to what somebody has sent, and which of them it is nobody knows
			return who, false, twoUsers(header)
		}
	}
	name := clean(r.Header.Get(g.Proxy.User))
	if name == "" {
		return who, false, nil
	}
	who.Name, who.Sight = "proxy:"+name, job.Sight{}
	groups := words(r.Header.Values(g.Proxy.Roles))
	if len(g.Proxy.Map) > 0 {
		who.Role = g.Proxy.Map.of(groups)
	} else if len(groups) == 1 && route.Role(groups[0]).Known() {
		who.Role = route.Role(groups[0])
	}
	if who.Role == route.Nobody {
		return who, false, noRole(who.Name)
	}
	if who.Sight = nil; g.Proxy.Entities != "" {
		who.Sight = sightOf(words(r.Header.Values(g.Proxy.Entities)))
	}
	return who, true, nil
}

// words are the parts of header lines between commas.
func words(lines []string) []string {
	var all []string
	for _, word := range strings.Split(strings.Join(lines, ","), ",") {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, word)
		}
	}
	return all
}

// sightOf makes a sight of what somebody else says: * is everything, none is none.
func sightOf(entities []string) job.Sight {
	sight := job.Sight{}
	for _, entity := range entities {
		if entity == "*" {
			return nil
		}
		if entity != "" {
			sight = append(sight, entity)
		}
	}
	return sight
}

const nameMost = 128 // bytes of a name that comes from elsewhere

// clean makes a name of somebody else's fit to be shown: printable, on one line, bounded.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(name))
	for len(name) > nameMost {
		name = name[:len(name)-1]
	}
	return strings.ToValidUTF8(name, "")
}
