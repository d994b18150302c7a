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

// demoWay is how to get into the demo's dashboard. Its password is made anew each time and shown to this terminal only, once:
// others on this machine reach the address too.
type demoWay struct {
	listener net.Listener
	password secret.Text
}

// demoUser is who may use the demo's dashboard.
const demoUser = "demo"

// demoPages is where the dashboard listens when nobody else does.
const demoPages = "127.0.0.1:8080"

// openDashboard takes an address that is free, and makes a user.
func openDashboard(ctx context.Context, s *store.Store) (demoWay, error) {
	listener, err := listenNear(demoPages)
	if err != nil {
		return demoWay{}, err
	}
	way := demoWay{listener: listener, password: secret.New([]byte(rand.Text()))}
	hash, err := access.HashPassword(way.password)
	if err != nil {
		return way, err
	}
	return way, s.AddUser(ctx, job.User{Name: demoUser, Role: string(route.Operator)}, hash, user())
}

// listenNear listens on the address wished for or, where somebody does so, on another one of this machine.
func listenNear(wished string) (net.Listener, error) {
	listener, err := net.Listen("tcp", wished)
	if err != nil { // taken
		listener, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		return nil, fmt.Errorf("find an address for the dashboard: %w", err)
	}
	return listener, nil
}

// address is where the dashboard is.
func (w demoWay) address() string { return w.listener.Addr().String() }

// invite says where the dashboard is and how to log in.
func (s *demoStage) invite() {
	s.app.say("\nDashboard http://%s  (user %s, password %s)\n", s.way.address(), demoUser, s.way.password.Reveal())
	s.app.say("Its first page says why %s fails, what to do and whose turn it is.\n", payrollJob)
	s.way.password.Wipe()
}
