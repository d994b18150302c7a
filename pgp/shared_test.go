package pgp_test

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// TestOneOpenerAndOneSealerServeManyGoroutines is for the race detector: several keys on both sides, signatures too.
func TestOneOpenerAndOneSealerServeManyGoroutines(t *testing.T) {
	ours, second, third := pairs[pgp.X25519](), generate(pgp.X25519), generate(pgp.X25519)
	keys := []job.Key{ours.Key, second.Key, third.Key}
	s := &pgp.Sealer{To: keys, SignWith: &second.Private}
	o := &pgp.Opener{Keys: []pgp.Private{third.Private, second.Private, ours.Private}, Verify: keys}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 10 {
				plain := table(10000 + i)
				var sealed, got bytes.Buffer
				w, err := s.Seal(context.Background(), &sealed)
				if err == nil {
					if _, err = w.Write(plain); err == nil {
						err = w.Close()
					}
				}
				if err != nil {
					t.Error(err)
					return
				}
				env, err := o.Open(context.Background(), &got, &sealed)
				if err != nil || !bytes.Equal(got.Bytes(), plain) || env.SignedBy == "" {
					t.Errorf("%d bytes, signed by %q, %v", got.Len(), env.SignedBy, err)
					return
				}
			}
		})
	}
	all.Wait()
}
