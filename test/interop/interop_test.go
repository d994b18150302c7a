package interop

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/test/program"
)

func TestMain(m *testing.M) { program.Leave(m.Run()) }

// TestInterop asks every behaviour of every server, and holds docs/interop.md to what it saw.
func TestInterop(t *testing.T) {
	seen := newTable()
	t.Run("servers", func(t *testing.T) {
		for _, s := range servers() {
			t.Run(s.name, func(t *testing.T) {
				if s.version == nil && testing.Short() {
					t.Skip("needs time: a configuration of OpenSSH, which the whole run asks")
				}
				t.Parallel()
				visitPlace(t, s, s.start(t, variant{}), func(t *testing.T, b behaviour, got outcome) {
					seen.add(s, b, got)
					if wrong := s.verdict(b, got); wrong != "" {
						t.Error(wrong)
					}
				})
			})
		}
	})
	seen.settle(t)
}

// visitPlace asks all behaviours of one server, one after the other.
func visitPlace(t *testing.T, s server, p *place, told func(*testing.T, behaviour, outcome)) {
	home := t.TempDir()
	shared, err := store.Open(t.Context(), store.Options{
		Path: filepath.Join(home, "sessions.db"), MasterKey: store.KeySource{Path: filepath.Join(home, "master.key")}.MasterKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	for _, b := range behaviours() {
		t.Run(b.name, func(t *testing.T) {
			v := &visit{
				place: p, t: t, what: strings.ReplaceAll(b.name, ".", "-"), home: t.TempDir(), data: filepath.Join(home, "data"),
				shared: shared, small: s.version == nil || testing.Short(),
			}
			v.start = func(want variant) *place { return s.start(t, want) }
			got := judge(func() {
				v.must(v.files.mkdir(v.what))
				b.do(v)
			})
			if p.thaw != nil {
				p.thaw()
			}
			told(t, b, got)
		})
	}
}

// verdict says what is wrong with an outcome; nothing if it is what is written.
func (s server) verdict(b behaviour, got outcome) string {
	if why, ok := s.skip[b.name]; ok {
		if got.kind != cannot && got.kind != fails {
			return fmt.Sprintf("it is on the skip list (%s), and came to %q: take it off the list", why, got)
		}
		return ""
	}
	want := s.expect[b.name]
	if want == "" {
		want = b.want
	}
	if want == "" {
		want = outcome{}.String()
	}
	if got.String() != want {
		return fmt.Sprintf("%s\n came to %s\n    want %s", b.says, got, want)
	}
	return ""
}
