package main

import (
	"context"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/web"
)

// intake lets the API put files into outboxes.
type intake struct{ *control.Daemon }

func (i intake) PutFile(ctx context.Context, jobName string, o web.Offer) (any, error) {
	return i.Daemon.PutFile(ctx, jobName, control.Offer{Name: o.Name, Key: o.Key, By: o.By, Size: o.Size, Body: o.Body})
}
