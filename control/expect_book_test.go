package control_test

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

type expectationBook struct {
	open     []job.Expectation
	extended []string
}

func (b *expectationBook) OpenExpectations(context.Context, string) ([]job.Expectation, error) {
	return b.open, nil
}

func (b *expectationBook) ExtendExpectation(_ context.Context, e job.Expectation, _ time.Time, _ job.Extension, _ store.AuditLine) (job.Expectation, error) {
	b.extended = append(b.extended, e.Day)
	return e, nil
}
