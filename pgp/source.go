package pgp

import (
	"context"
	"fmt"
	"io"
)

// emptyReads is how many reads in a row may give neither bytes nor an error.
const emptyReads = 100

// source counts what is read and remembers the reader's own error. Libraries in between turn a lost connection into
// "parsing error"; the memory keeps it apart from a damaged message.
type source struct {
	ctx  context.Context //nolint:containedctx // lives for one call of Open
	r    io.Reader
	read int64
	err  error // first error that is not io.EOF
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	for range emptyReads {
		if s.err = contextError(s.ctx); s.err != nil {
			return 0, s.err
		}
		n, err := s.r.Read(p)
		s.read += int64(n)
		if err != nil && err != io.EOF {
			s.err = err
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
	s.err = io.ErrNoProgress
	return 0, s.err
}

// contextError is the context's error together with its cause, when somebody gave one.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != err {
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
