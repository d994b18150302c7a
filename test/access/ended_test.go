package access

import (
	"bufio"
	"context"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/test/program"
)

// endMost bounds the wait for a stream to end: far less than a stream lasts by itself.
const endMost = 90 * time.Second

// Whoever's role, password, session or token is changed on the machine is asked to log in again, and what they were watching ends.
func TestRightsEndWhatIsWatched(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: the built program, and streams that end after seconds")
	}
	h := newHouse(t)
	s := h.serve()
	who := map[string]asker{}
	for _, a := range h.askers {
		who[a.name] = a
	}
	for name, c := range map[string]struct {
		who     string
		args    []string
		stdin   string
		refused int // what the next request comes to
	}{
		"role":     {who: "user-all-viewer", args: []string{"users", "role", "user-all-viewer", "operator"}, refused: http.StatusSeeOther},
		"sight":    {who: "user-alfa-viewer", args: []string{"users", "role", "user-alfa-viewer", "viewer", "--entity", "zulu-nv"}, refused: http.StatusSeeOther},
		"password": {who: "user-alfa-operator", args: []string{"users", "password", "user-alfa-operator"}, stdin: "another horse battery\n", refused: http.StatusSeeOther},
		"removed":  {who: "user-alfa-admin", args: []string{"users", "remove", "user-alfa-admin"}, refused: http.StatusSeeOther},
		"logout":   {who: "user-all-operator", args: []string{"users", "logout", "user-all-operator"}, refused: http.StatusSeeOther},
		"token":    {who: "token-alfa-viewer", args: []string{"tokens", "revoke", "token-alfa-viewer"}, refused: http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			ended := s.watch(t, who[c.who])
			s.haulier(t, c.stdin, c.args...)
			client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			if got := s.ask(client, who[c.who], "GET", "/runs"); got.status != c.refused {
				t.Errorf("afterwards: %d %.200s", got.status, got.body)
			}
			select {
			case <-ended:
			case <-time.After(endMost):
				t.Error("what they were watching goes on")
			}
		})
	}
}

// watch watches a page until the stream ends.
func (s *served) watch(t *testing.T, who asker) (ended chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.listen+"/events?at=/runs", nil)
	if err != nil {
		t.Fatal(err)
	}
	who.sign(r)
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 4<<20)
	if answer.StatusCode != http.StatusOK || !lines.Scan() || !strings.HasPrefix(lines.Text(), "event: ") {
		t.Fatalf("nothing is to be watched: %s %s", answer.Status, lines.Text())
	}
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		defer answer.Body.Close()
		for lines.Scan() {
		}
	}()
	return ended
}

// haulier calls the program beside the daemon.
func (s *served) haulier(t *testing.T, stdin string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), program.Built(t), args...)
	command.Dir, command.Stdin = s.dir, strings.NewReader(stdin)
	command.Env = append([]string{"USER=ops", "HOME=" + s.dir, "TZ=UTC"}, environment...)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("haulier %q: %v\n%s", args, err, said)
	}
}
