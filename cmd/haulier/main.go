// Command haulier is the outbound SFTP client scheduler: it trades files with servers that customers own, on schedule,
// each exactly once, proven file by file.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
)

// ballastBytes lie in the heap untouched, and so take no memory, but let it grow by as much before it is collected. SSH throws a
// buffer away for each packet: a heap of few MiB was collected 350 times a GiB, and so it is 115 times.
const ballastBytes = 8 << 20

func main() {
	if err := noCore(); err != nil {
		fmt.Fprintln(os.Stderr, "haulier: core dumps cannot be turned off:", err)
	}
	ballast := make([]byte, ballastBytes)
	code := execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	runtime.KeepAlive(ballast)
	failpoint.End()
	os.Exit(code)
}

// execute runs one command line and gives its exit code.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, args: args}
	ctx, stop := withSignals(context.Background(), func() time.Duration { return time.Duration(a.linger.Load()) })
	defer stop()
	root := rootCommand(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	a.called = command.CommandPath()
	return a.exit(ctx, errors.Join(err, a.close()))
}

// signalled is the cause of a context that a signal ended.
type signalled struct{ signal syscall.Signal }

func (s signalled) Error() string { return "ended by " + s.signal.String() }

// withSignals ends the context at the first SIGINT or SIGTERM; a second one ends the process at once, or after the time
// that linger gives to what is being cleared away.
func withSignals(parent context.Context, linger func() time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		first, open := <-signals
		if !open {
			return
		}
		got, _ := first.(syscall.Signal)
		cancel(signalled{got})
		if _, open := <-signals; open {
			time.Sleep(linger())
			os.Exit(128 + int(got))
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}
