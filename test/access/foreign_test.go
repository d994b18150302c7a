package access

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// FuzzForeignIDs asks every route of the API that names something, by any name or number, as a tenant: what is another's is never reached, however it
// is written, and is answered byte for byte as what is not there.
func FuzzForeignIDs(f *testing.F) {
	for _, id := range []string{"1", "2", "+2", "02", "2.0", "2e0", " 2", "2 ", "0x2", "２", "2%00", "-2", "j-two", "J-TWO", "j-two ", "c-two", "j-one/../j-two", "999999", "9223372036854775808", "' OR 1=1 --", "%", "\xff"} {
		f.Add(id)
	}
	w := newWorld(f)
	who := w.token("one", route.Admin, job.Sight{"one"})
	f.Fuzz(func(t *testing.T, id string) {
		asked := *w
		asked.t = t
		for _, r := range w.routes {
			objects := w.objects[r.Scope]
			if objects == nil || !strings.HasPrefix(r.Path, "/api/") {
				continue
			}
			path := func(id string) string { return strings.NewReplacer("{name}", id, "{id}", id).Replace(r.Path) }
			answer := asked.ask(who, r.Method, path(url.PathEscape(id)))
			switch answer.Code {
			case http.StatusOK:
				if n, err := strconv.ParseInt(id, 10, 64); id != objects["one"] && (err != nil || strconv.FormatInt(n, 10) != objects["one"]) && meansAnother(r, id) {
					t.Errorf("%s by %q is reached", r.Pattern(), id)
				}
			case http.StatusNotFound:
				if nowhere := asked.ask(who, r.Method, path(objects[""])); routed(id) && answer.Body.String() != nowhere.Body.String() {
					t.Errorf("%s by %q is told from what is not there: %s", r.Pattern(), id, answer.Body)
				}
			case http.StatusMovedPermanently, http.StatusTemporaryRedirect, http.StatusMethodNotAllowed: // it is no segment of a path, or other ones
				if routed(id) {
					t.Errorf("%s by %q: %d", r.Pattern(), id, answer.Code)
				}
			default:
				t.Errorf("%s by %q: %d %s", r.Pattern(), id, answer.Code, answer.Body)
			}
		}
	})
}

// meansAnother says whether a handler would take the name or number for that of anything: a number that it cannot read is refused.
func meansAnother(r route.Route, id string) bool {
	_, err := strconv.ParseInt(id, 10, 64)
	return strings.Contains(r.Path, "{name}") || err == nil
}

// routed says whether a path with this name is one of the route, and not another path: clean paths have neither empty segments nor dots.
func routed(id string) bool {
	return id != "" && id != "." && id != ".." && !strings.Contains(id, "/")
}
