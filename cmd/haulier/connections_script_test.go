package main

import (
	"context"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// scriptRequest CONFIG CONNECTION download|upload ok|SLUG BYTES records one request of now.
func scriptRequest(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: request CONFIG CONNECTION download|upload ok|SLUG BYTES")
	}
	bytes, err := strconv.ParseInt(args[4], 10, 64)
	ts.Check(err)
	r := job.Request{Connection: args[1], Job: "j", Direction: job.Direction(args[2]), OK: args[3] == "ok", Bytes: bytes}
	if !r.OK {
		r.Slug = args[3]
	}
	scriptStore(ts, args[0], func(ctx context.Context, _ *config.Config, s *store.Store) error { return s.Request(ctx, r) })
}
