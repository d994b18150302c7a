package pgp

import (
	"context"
	"io"
	"time"

	"github.com/haulier/haulier/job"
)

// Defaults of [Policy].
const (
	DefaultMaxRatio      = 50
	DefaultRatioFrom     = 64 << 20
	DefaultMaxKeyPackets = 64
)

// Policy bounds what a message may be. The zero value is safe.
type Policy struct {
	// MaxPlain is the most plaintext bytes to write; 0: no limit.
	MaxPlain int64
	// MaxRatio is the most plaintext bytes per byte read, looked at once RatioFrom bytes of plaintext are passed.
	// 0: DefaultMaxRatio; negative: no limit.
	MaxRatio float64
	// RatioFrom, in bytes. 0: DefaultRatioFrom.
	RatioFrom int64
	// MaxKeyPackets is the most session key packets, that is recipients, of a message. 0: DefaultMaxKeyPackets.
	MaxKeyPackets int
	// RefuseBzip2 refuses bzip2, which costs thirty times the processor time of anything else.
	RefuseBzip2 bool
	// AllowTrailingWhitespace takes a binary message that is followed by blanks and line ends. White space after ASCII
	// armor is always taken.
	AllowTrailingWhitespace bool
	// Now gives the present time; nil: time.Now.
	Now func() time.Time
}

func (p Policy) withDefaults() Policy {
	if p.MaxRatio == 0 {
		p.MaxRatio = DefaultMaxRatio
	}
	if p.RatioFrom == 0 {
		p.RatioFrom = DefaultRatioFrom
	}
	if p.MaxKeyPackets == 0 {
		p.MaxKeyPackets = DefaultMaxKeyPackets
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	return p
}

// meter holds the limits on size and ratio.
type meter struct {
	policy Policy
	src    *source
}

// check judges plain bytes before they are written.
func (m *meter) check(plain int64) *job.Reason {
	if m.policy.MaxPlain > 0 && plain > m.policy.MaxPlain {
		return reasonTooLarge(m.policy.MaxPlain)
	}
	if m.policy.MaxRatio > 0 && plain > m.policy.RatioFrom && float64(plain) > m.policy.MaxRatio*float64(m.src.read) {
		return reasonRatio(m.policy.MaxRatio, m.src.read)
	}
	return nil
}

// sink is the destination: it holds the limits, counts, and remembers its own error.
type sink struct {
	ctx     context.Context //nolint:containedctx // lives for one call of Open
	w       io.Writer
	meter   *meter
	written int64
	err     error
}

func (s *sink) Write(p []byte) (int, error) {
	if err := contextError(s.ctx); err != nil {
		s.err = err
		return 0, err
	}
	if r := s.meter.check(s.written + int64(len(p))); r != nil {
		s.err = r
		return 0, r
	}
	n, err := s.w.Write(p)
	s.written += int64(n)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	s.err = err
	return n, err
}

// inflated holds the limits over everything that comes out of a decompressor, so that packets which are not data
// cannot hide a bomb.
type inflated struct {
	r     io.Reader
	n     int64
	meter *meter
}

// inflatedSlack is what packet headers and signatures may add to the plaintext.
const inflatedSlack = 1 << 20

func (f *inflated) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.n += int64(n)
	if f.n > inflatedSlack {
		if r := f.meter.check(f.n - inflatedSlack); r != nil {
			return 0, r
		}
	}
	return n, err
}
