package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/web"
)

// apiServers look at customers' servers for the API.
type apiServers struct{ servers }

// servers look at customers' servers, for whoever asks over the network, on pages or on the socket.
type servers struct {
	daemon *control.Daemon
	pool   *sftp.Pool
	turns  *turns
}

// test tests a connection.
func (s servers) test(ctx context.Context, name, by string) (sftp.Report, error) {
	cfg := s.daemon.Config()
	c, found := cfg.Connections[name]
	if !found {
		return sftp.Report{}, noSuchConnection(name)
	}
	return look(ctx, s.turns, turnOf(cfg, "connection "+name, name), func(ctx context.Context) (sftp.Report, error) {
		report, err := control.TestConnection(ctx, s.pool, s.daemon.Store, c, control.PurposeOf(c, cfg.Jobs), by)
		s.counts(report.Error, c.Endpoint)
		return report, err
	})
}

// plan says what the next run of a job would do.
func (s servers) plan(ctx context.Context, name, by string) (job.Spec, []job.Intent, error) {
	cfg := s.daemon.Config()
	spec, found := cfg.Job(name)
	if !found {
		return spec, nil, fmt.Errorf("job %s: %w", naming.Printable(name, 100), job.ErrNotFound)
	}
	intents, err := look(ctx, s.turns, turnOf(cfg, "job "+name, spec.Connection), func(ctx context.Context) ([]job.Intent, error) {
		if err := s.daemon.Store.Act(ctx, by, "job.plan", name, ""); err != nil {
			return nil, err
		}
		intents, err := planJob(ctx, cfg, s.daemon.Store, s.pool, spec, job.Run{Started: time.Now()})
		if reason := (*job.Reason)(nil); errors.As(err, &reason) {
			s.counts(reason, cfg.Connections[spec.Connection].Endpoint)
		}
		return intents, err
	})
	return spec, intents, err
}

// counts has a refused login count for more than one look.
func (s servers) counts(failed *job.Reason, e job.Endpoint) {
	if failed != nil && strings.HasPrefix(failed.Slug, "auth.") {
		s.turns.refused(accountOf(e))
	}
}

func (s apiServers) TestConnection(ctx context.Context, name, by string) (web.Test, error) {
	report, err := s.test(ctx, name, by)
	test := web.Test{Connection: name, OK: report.OK, Error: report.Error}
	for _, stage := range report.Stages {
		test.Stages = append(test.Stages, web.TestStage{Name: stage.Name, State: string(stage.State), Milliseconds: stage.Milliseconds, Detail: stage.Detail})
	}
	return test, err
}

func (s apiServers) PlanJob(ctx context.Context, name, by string) (web.Plan, error) {
	spec, intents, err := s.plan(ctx, name, by)
	if err != nil {
		return web.Plan{}, err
	}
	return web.Plan{Job: name, Type: spec.Type, Next: nextOf(spec).UTC(), Intents: intents}, nil
}
