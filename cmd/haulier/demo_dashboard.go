package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

// demoWay is how to get into the demo's dashboard. Its password is made anew each time and shown to this terminal only: others on this
// machine reach the address too.
type demoWay struct {
	address  string
	password string
}

// demoUser is who may use the demo's dashboard.
const demoUser = "demo"

// demoPages is where the dashboard listens when nobody else does.
const demoPages = "127.0.0.1:8080"

// openDashboard finds an address that is free, and makes a user.
func openDashboard(ctx context.Context, s *store.Store) (demoWay, error) {
	way := demoWay{address: demoPages, password: rand.Text()}
	probe, err := net.Listen("tcp", way.address)
	if err != nil { // taken
		probe, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return way, fmt.Errorf("find an address for the dashboard: %w", err)
	}
	way.address = probe.Addr().String()
	if err := probe.Close(); err != nil {
		return way, err
	}
	hash, err := access.HashPassword(secret.New([]byte(way.password)))
	if err != nil {
		return way, err
	}
	return way, s.AddUser(ctx, job.User{Name: demoUser, Role: string(route.Operator)}, hash, user())
}
