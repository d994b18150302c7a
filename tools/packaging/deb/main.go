// Command deb makes a Debian package of what packaging/nfpm.yaml lists.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
)

func main() {
	list := flag.String("config", "packaging/nfpm.yaml", "what the package holds; paths in it start at the working folder")
	target := flag.String("target", "", "the package to be made")
	flag.Parse()
	if err := build(*list, *target); err != nil {
		fmt.Fprintln(os.Stderr, "deb:", err)
		os.Exit(1)
	}
}

// build makes the package whole or not at all.
func build(list, target string) error {
	all, err := nfpm.ParseFileWithEnvMapping(list, os.Getenv)
	if err != nil {
		return fmt.Errorf("read %s: %w", list, err)
	}
	info, err := all.Get("deb")
	if err != nil {
		return fmt.Errorf("read %s: %w", list, err)
	}
	info = nfpm.WithDefaults(info)
	info.Target = target
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return fmt.Errorf("prepare %s: %w", target, err)
	}
	draft, err := os.Create(target + ".draft")
	if err != nil {
		return err
	}
	if err := errors.Join(deb.Default.Package(info, draft), draft.Close()); err != nil {
		return errors.Join(fmt.Errorf("make %s: %w", target, err), os.Remove(draft.Name()))
	}
	return os.Rename(draft.Name(), target)
}
