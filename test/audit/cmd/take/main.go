// Command take is a consumer that takes files away as they land: take LANDING TAKEN LOG. It ends at SIGINT or SIGTERM.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/haulier/haulier/test/audit/witness"
)

func main() {
	if err := take(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "take:", err)
		os.Exit(1)
	}
}

func take(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("call it with the landing, the folder to take files to, and the log")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	c, err := witness.Consume(args[0], args[1], args[2])
	if err != nil {
		return err
	}
	go func() { c.Await(); stop() }()
	<-ctx.Done()
	return c.Stop()
}
