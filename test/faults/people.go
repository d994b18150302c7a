package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ProtonMail/gopenpgp/v2/crypto"

	"github.com/haulier/haulier/test/audit/witness"
)

// people are those around haulier: the customer or the platform that puts files out, and the platform that takes what
// lands at once.
type people struct {
	w        *world
	giver    *witness.Customer
	consumer *witness.Consumer // nil for exports: the customer leaves what it gets where it is
	ours     *crypto.KeyRing   // to seal for haulier
	theirs   *crypto.Key       // to open what haulier sealed
	round    int
	last     []string // the names of the last round
	replaces bool     // versions are replaced, and perhaps before anybody could take them
}

func newPeople(w *world) (p *people, err error) {
	p = &people{w: w, replaces: w.kind.fixed}
	from := "server/out"
	if w.kind.export {
		from = "outbox"
	}
	if p.giver, err = witness.NewCustomer(w.path(from), w.path("making"), w.path("log/sources")); err != nil {
		return p, err
	}
	return p, p.consume()
}

// consume lets the platform take what lands.
func (p *people) consume() (err error) {
	consume := witness.Consume
	if p.w.kind.power {
		consume = witness.ConsumeDurably
	}
	if !p.w.kind.export {
		p.consumer, err = consume(p.w.path("disk/landing"), p.w.path("disk/taken"), p.w.path("log/taken"))
	}
	return err
}

// exchangeKeys makes the PGP keys of both sides.
func (p *people) exchangeKeys(ctx context.Context, w *world) error {
	if !w.kind.export {
		r, err := w.haulier(ctx, "pgp", "generate", "ours", "--type", "x25519", "-q")
		if err != nil {
			return err
		}
		key, err := crypto.NewKeyFromArmored(r.stdout)
		if err != nil {
			return fmt.Errorf("pgp generate: %w\n%s", err, r.all())
		}
		p.ours, err = crypto.NewKeyRing(key)
		return err
	}
	var err error
	if p.theirs, err = crypto.GenerateKey("customer", "customer@example.org", "x25519", 0); err != nil {
		return err
	}
	public, err := p.theirs.GetArmoredPublicKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(w.path("theirs.asc"), []byte(public), 0o600); err != nil {
		return err
	}
	return w.succeeds(ctx, "pgp", "import", "theirs", w.path("theirs.asc"))
}

// nextSecond waits until a version that replaces one on the server is of another second: servers tell whole seconds, and
// of two versions in one nobody can say which is the older. Such are held, rightly.
func (p *people) nextSecond() {
	if p.w.kind.fixed && p.w.kind.export {
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second)))
	}
}

// putOut makes new versions of these sizes, or of those of the kind, or twenty of 4 to 64 KiB, and says how many.
func (p *people) putOut(sizes []int) (int, error) {
	p.nextSecond()
	p.round++
	if len(sizes) == 0 {
		sizes = p.w.kind.sizes
	}
	if len(sizes) == 0 {
		for range filesARound {
			sizes = append(sizes, 4<<10+p.w.rng.IntN(60<<10))
		}
	}
	p.last = nil
	for i, size := range sizes {
		name := fmt.Sprintf("f%04d-%02d.csv", p.round, i)
		if p.w.kind.fixed {
			name = fmt.Sprintf("daily-%02d.csv", i)
		}
		p.last = append(p.last, name)
		if err := p.put(name, p.w.content(size)); err != nil {
			return i, err
		}
	}
	return len(sizes), nil
}

// putAgain puts another version of each file of the last round out.
func (p *people) putAgain() error {
	p.nextSecond()
	p.replaces = true
	for _, name := range p.last {
		if err := p.put(name, p.w.content(20<<10+p.w.rng.IntN(20<<10))); err != nil {
			return err
		}
	}
	return nil
}

// put puts one version out.
func (p *people) put(name string, content []byte) error {
	at := p.w.stamp()
	if p.ours == nil {
		return p.giver.Put(name, content, nil, at)
	}
	message, err := p.ours.Encrypt(crypto.NewPlainMessage(content), nil)
	if err != nil {
		return err
	}
	return p.giver.Put(name+".pgp", message.GetBinary(), content, at)
}

// content is something of this size that was never there before, but for sizes that leave no choice.
func (w *world) content(size int) []byte {
	w.made++
	b := make([]byte, size)
	for i := 0; i+8 <= size; i += 8 {
		binary.LittleEndian.PutUint64(b[i:], w.rng.Uint64())
	}
	copy(b, fmt.Sprintf("%d of %s\n", w.made, w.kind.name))
	return b
}

// stamp is a time for a version of its own: servers tell whole seconds, and two versions in one look alike.
func (w *world) stamp() time.Time {
	w.made++
	step := time.Second
	if w.kind.backwards {
		step = -time.Minute // which is more than goes by between two versions
	}
	return time.Now().Add(-30 * 24 * time.Hour).Truncate(time.Second).Add(time.Duration(w.made) * step)
}

// openSealed is the customer who opens what haulier sealed; the log tells the auditor what was in it.
func (p *people) openSealed() (path string, err error) {
	if p.theirs == nil {
		return "", nil
	}
	ring, err := crypto.NewKeyRing(p.theirs)
	if err != nil {
		return "", err
	}
	path = p.w.path("log/opened")
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer out.Close()
	err = filepath.WalkDir(p.w.path("server/in"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		sealed, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		line := map[string]string{"sha256": sum(sealed)}
		if plain, err := ring.Decrypt(crypto.NewPGPMessage(sealed), nil, 0); err == nil {
			line["plain_sha256"] = sum(plain.GetBinary())
		}
		return json.NewEncoder(out).Encode(line)
	})
	return path, err
}

func (p *people) close() error {
	var errs []error
	if p.consumer != nil {
		errs = append(errs, p.consumer.Stop())
	}
	if p.giver != nil {
		errs = append(errs, p.giver.Close())
	}
	return errors.Join(errs...)
}
