package month

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// books are the store. The clock of alerts looks four times a minute, because others may have written: here it is known whether
// somebody has, and a month of looks at what has not changed is spared.
type books struct {
	*store.Store
	wrote atomic.Bool
	next  time.Time // when an incident is due next; only the clock of alerts asks
	known bool
}

func (b *books) IncidentsDue(ctx context.Context, now time.Time, limit int) (ids []int64, next time.Time, err error) {
	if wrote := b.wrote.Swap(false); !wrote && b.known && (b.next.IsZero() || now.Before(b.next)) {
		return nil, b.next, nil
	}
	ids, next, err = b.Store.IncidentsDue(ctx, now, limit)
	b.next, b.known = next, err == nil && len(ids) == 0
	return ids, next, err
}

func (b *books) JudgeExpectation(ctx context.Context, read job.Expectation, j job.Judging) (job.Expectation, error) {
	defer b.wrote.Store(true)
	return b.Store.JudgeExpectation(ctx, read, j)
}

func (b *books) CloseExpectations(ctx context.Context, jobName string, why job.Reason) error {
	defer b.wrote.Store(true)
	return b.Store.CloseExpectations(ctx, jobName, why)
}

func (b *books) TellCredential(ctx context.Context, c store.CredentialLead, at time.Time) (told bool, err error) {
	defer b.wrote.Store(true)
	return b.Store.TellCredential(ctx, c, at)
}

func (b *books) CredentialsEnd(ctx context.Context, which map[string]bool, at time.Time) error {
	defer b.wrote.Store(true)
	return b.Store.CredentialsEnd(ctx, which, at)
}
