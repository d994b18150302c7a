package control

import (
	"testing"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
)

// Who trusted the key of a server that several tenants share, and whose login saw another one, is for those who see all of them.
func TestHostKeysOfASharedServerAreForWhoSeesAllOfIt(t *testing.T) {
	cfg := &config.Config{Connections: map[string]job.Connection{"a": {Entity: "one"}, "b": {Entity: "two"}}}
	shared := job.CalendarEntry{Kind: job.KindHostKey, Connections: []string{"a", "b"}, What: "host key pinned (trust, by olivia)"}
	own := job.CalendarEntry{Kind: job.KindHostKey, Connections: []string{"a"}}
	key := job.CalendarEntry{Kind: job.KindToken, Connections: []string{"a", "b"}}
	for _, c := range []struct {
		sight job.Sight
		n     int
	}{{nil, 3}, {job.Sight{"one", "two"}, 3}, {job.Sight{"one"}, 2}, {job.Sight{"two"}, 1}} {
		if got := Seen([]job.CalendarEntry{shared, own, key}, cfg, c.sight); len(got) != c.n {
			t.Errorf("%v sees %+v", c.sight, got)
		}
	}
}
