package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// secretsMove is an import that needs two secrets of the store: it logs in with one and opens files with the other.
var secretsMove = kind{name: "import-pgp-stored", sealed: true, stored: true, job: "after_success: delete"}

// secrets is group I.
func secrets() []Case {
	return []Case{
		{ID: "I120.1", Title: "SIGKILL at a random moment of a rotation of the master key", Holds: "I9 I10", Times: map[Tier]int{Short: 4, Night: 120, Release: 500}, Run: rotationsAtRandom},
		{ID: "I120.2", Title: "SIGKILL at each failpoint of a rotation of the master key", Holds: "I9 I10", Times: map[Tier]int{Short: 1, Night: 50, Release: 250}, Run: rotationsAtPoints},
		suite("I111", "canaries of every kind of secret: in no output, log, file, dump or reply", "I9", "test/rows", "TestCanaries.*|TestNoCore.*"),
		suite("I111.2", "sealed rows that were swapped, cut, altered or brought from elsewhere: nothing is sent", "I9", "test/rows", "TestSealedRows.*"),
		suite("I120.3", "another master key, or none: nothing starts, nothing is written", "I9 I10", "test/rows", "TestMasterKey.*"),
		suite("I121", "a stolen backup opens nothing", "I9", "test/rows", "TestStolen.*"),
	}
}

// storeSecrets keeps the password of the login in the store, and a few others beside it.
func (w *world) storeSecrets(ctx context.Context) error {
	for _, args := range [][]string{{"secrets", "set", "login"}, {"secrets", "set", "another"}, {"keys", "generate", "spare"}} {
		command := w.command(ctx, args...)
		command.Stdin = strings.NewReader(password + "\n")
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// rotation is one rotation that is cut off. Every second one is of a key that haulier cannot replace by itself.
type rotation struct {
	w       *world
	old     string // the key that counted before, 64 hex digits
	next    string // the key that was given; empty: haulier makes one
	stopped run
}

func (w *world) beginRotation(given bool, rng *rand.Rand) (*rotation, error) {
	text, err := os.ReadFile(w.path("haulier-data/master.key"))
	r := &rotation{w: w, old: strings.TrimSpace(string(text))}
	if err != nil || !given {
		return r, err
	}
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(rng.Uint32())
	}
	r.next = hex.EncodeToString(key)
	return r, errors.Join(os.Remove(w.path("haulier-data/master.key")), os.WriteFile(w.path("next.key"), []byte(r.next+"\n"), 0o600))
}

// kept lets the master key be found in the environment.
func (r *rotation) kept(key string) { r.w.env = []string{"HAULIER_MASTER_KEY=" + key} }

func (r *rotation) args() []string {
	if r.next == "" {
		return []string{"secrets", "rotate"}
	}
	r.kept(r.old)
	return []string{"secrets", "rotate", "--next-file", r.w.path("next.key")}
}

// survive looks at an installation whose rotation was cut off: it works as it stands, the rotation can be ended, and then
// it works still.
func (p *pass) survive(ctx context.Context, r *rotation) error {
	r.w.points = ""
	begun, err := r.opens(ctx)
	if err != nil {
		return err
	}
	if begun {
		if err := r.opensWith(ctx, r.old, true); err != nil {
			return err
		}
	}
	if err := r.moves(ctx, p); err != nil {
		return fmt.Errorf("after the kill: %w", err)
	}
	if err := r.end(ctx); err != nil {
		return err
	}
	if begun, err := r.opens(ctx); err != nil || begun {
		return errors.Join(err, fmt.Errorf("after its end the rotation is under way: %v", begun))
	}
	if err := r.opensWith(ctx, r.old, false); err != nil {
		return err
	}
	if err := r.moves(ctx, p); err != nil {
		return fmt.Errorf("after the rotation: %w", err)
	}
	p.Rounds++
	return r.tidy()
}

// opens has doctor open every secret, and says whether a rotation has begun and not ended.
func (r *rotation) opens(ctx context.Context) (begun bool, err error) {
	d, err := r.w.haulier(ctx, "doctor")
	if err == nil && !strings.Contains(d.stdout, "every sealed key and password opens") {
		err = fmt.Errorf("the secrets do not open\n%s", d.all())
	}
	return strings.Contains(d.stdout, "a rotation of the master key has begun"), err
}

// opensWith tries a key in the place of the one that counts.
func (r *rotation) opensWith(ctx context.Context, key string, want bool) error {
	defer func(env []string) { r.w.env = env }(r.w.env)
	r.kept(key)
	d, err := r.w.haulier(ctx, "doctor")
	if err == nil && strings.Contains(d.stdout, "every sealed key and password opens") != want {
		err = fmt.Errorf("with the old key everything should open: %v\n%s", want, d.all())
	}
	return err
}

// moves logs in and opens a file, which takes two secrets.
func (r *rotation) moves(ctx context.Context, p *pass) error {
	put, err := r.w.people.putOut([]int{3000, 5000})
	if err != nil {
		return err
	}
	p.Files += put
	return r.w.succeeds(ctx, "run", "move")
}

// end calls the rotation until it has ended, as its messages say.
func (r *rotation) end(ctx context.Context) error {
	first, err := r.w.haulier(ctx, r.args()...)
	if err != nil {
		return err
	}
	if r.next != "" {
		if first.code != 16 || !strings.Contains(first.stderr, "[local.master_key_next]") {
			return fmt.Errorf("with the old key in place the rotation ended with %d\n%s", first.code, first.all())
		}
		r.kept(r.next)
		if first, err = r.w.haulier(ctx, "secrets", "rotate"); err != nil {
			return err
		}
	}
	if first.code != 0 {
		return fmt.Errorf("the rotation ended with %d\n%s", first.code, first.all())
	}
	if r.next == "" {
		return nil
	}
	r.w.env = nil
	return os.WriteFile(r.w.path("haulier-data/master.key"), []byte(r.next+"\n"), 0o600)
}

// tidy looks for what must not stay behind: the key that was replaced, and drafts of others.
func (r *rotation) tidy() error {
	now, err := os.ReadFile(r.w.path("haulier-data/master.key"))
	if err != nil {
		return err
	}
	key, raw := strings.TrimSpace(string(now)), []byte(nil)
	if raw, err = hex.DecodeString(r.old); err != nil || key == r.old {
		return errors.Join(err, errors.New("the old key is still in place"))
	}
	return filepath.WalkDir(r.w.path("haulier-data"), func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "master.key" {
			return err
		}
		content, err := os.ReadFile(path)
		for _, secret := range [][]byte{[]byte(r.old), []byte(key), raw, []byte(password)} {
			if bytes.Contains(content, secret) {
				return fmt.Errorf("%s holds a key or a password in clear", path)
			}
		}
		return err
	})
}

// rotateAndKill does one rotation that kill cuts off.
func (p *pass) rotateAndKill(ctx context.Context, w *world, kill func(r *rotation) (run, error)) error {
	r, err := w.beginRotation(p.rng.IntN(2) == 0, p.rng)
	if err != nil {
		return err
	}
	args := r.args()
	if r.stopped, err = kill(r); err != nil {
		return err
	}
	if r.stopped.killed {
		p.Kills++
	} else if r.stopped.code != 0 && r.next == "" {
		return fmt.Errorf("%s ended with %d\n%s", strings.Join(args, " "), r.stopped.code, r.stopped.all())
	}
	return p.survive(ctx, r)
}

// rotationsAtRandom kills rotations somewhere until so many were killed.
func rotationsAtRandom(ctx context.Context, p *pass) error {
	usual := time.Duration(0)
	for tries := 0; p.Kills < p.times; tries++ {
		if tries > 4 {
			return fmt.Errorf("of %d rotations only %d were killed before they ended", p.Rounds, p.Kills)
		}
		err := p.inWorldsWith(ctx, secretsMove, p.times-p.Kills, func(w *world) error {
			return p.rotateAndKill(ctx, w, func(r *rotation) (run, error) {
				if usual == 0 {
					whole, err := w.haulier(ctx, r.args()...)
					usual = whole.took
					return whole, err
				}
				return w.haulierKilled(ctx, 1+time.Duration(p.rng.Int64N(int64(usual))), r.args()...)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rotationsAtPoints kills rotations at each failpoint that they come by, so often.
func rotationsAtPoints(ctx context.Context, p *pass) error {
	var turns []string
	err := p.inWorldsWith(ctx, secretsMove, 1, func(w *world) (err error) {
		turns, err = p.pointsOfRotation(ctx, w)
		return err
	})
	if err != nil {
		return err
	}
	return p.inWorldsWith(ctx, secretsMove, len(turns), func(w *world) error {
		point := turns[0]
		turns = turns[1:]
		return p.rotateAndKill(ctx, w, func(r *rotation) (run, error) {
			w.points = point
			stopped, err := w.haulier(ctx, r.args()...)
			name, _, _ := strings.Cut(point, "=")
			if stopped.killed {
				p.Points[name]++
			} else if r.next == "" {
				err = errors.Join(err, fmt.Errorf("nothing died at %s\n%s", point, stopped.all()))
			}
			return stopped, err
		})
	})
}

// pointsOfRotation gives a kill at each moment of a rotation, as often as the tier asks, in any order.
func (p *pass) pointsOfRotation(ctx context.Context, w *world) ([]string, error) {
	w.points = "*=note"
	if err := w.succeeds(ctx, "secrets", "rotate"); err != nil {
		return nil, err
	}
	hits, err := w.hits()
	if err != nil {
		return nil, err
	}
	seen, turns := counts{}, []string(nil)
	for _, name := range hits {
		seen[name]++
		turns = append(turns, slices.Repeat([]string{fmt.Sprintf("%s=kill@%d", name, seen[name])}, p.times)...)
	}
	if seen["rotate.row"] < 3 || seen["master.name"] == 0 || seen["rotate.end"] == 0 {
		return nil, fmt.Errorf("a rotation came by %v", hits)
	}
	p.rng.Shuffle(len(turns), func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	return turns, nil
}
