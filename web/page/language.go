package page

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// acceptedMost is how much of an Accept-Language header is looked at.
const acceptedMost = 500

// accepted is what of all a browser wants most (RFC 9110, 12.5.4); empty: it says nothing of them.
func accepted(r *http.Request, all []string) string {
	header := r.Header.Get("Accept-Language")
	header = header[:min(len(header), acceptedMost)]
	best, most := "", 0.0
	for part := range strings.SplitSeq(header, ",") {
		tag, weight, weighed := strings.Cut(part, ";")
		language, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		q := 1.0
		if weighed {
			var err error
			if q, err = strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64); err != nil {
				continue
			}
		}
		if q > most && q <= 1 && slices.Contains(all, language) {
			best, most = language, q
		}
	}
	return best
}
