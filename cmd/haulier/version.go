package main

import (
	"cmp"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is stamped by the linker; see the Makefile.
var version string

func versionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version; with --verbose, what the program is made of",
		Long: "Prints the version. With --verbose also what the program was built with and runs on, where its time zones come\n" +
			"from, and the version of every module in it.",
		Args: exactly(),
		RunE: func(*cobra.Command, []string) error { return a.version() },
	}
}

// build is what the program is made of, as scripts read it.
type build struct {
	Version string   `json:"version"`
	Go      string   `json:"go"`
	System  string   `json:"system"` // OS/architecture
	Static  bool     `json:"static"` // needs no library at run time
	Zones   zones    `json:"zoneinfo"`
	Modules []module `json:"modules"`
}

type module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

func (a *app) version() error {
	b := thisBuild()
	switch {
	case a.json:
		return a.object(b)
	case a.verbose:
		a.printBuild(b)
	default:
		a.printf("haulier %s\n", b.Version)
	}
	return nil
}

func thisBuild() build {
	b := build{
		Version: cmp.Or(version, "unversioned"), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Static: isStatic(), Zones: zonesHere(), Modules: []module{},
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if own := info.Main.Version; version == "" && own != "" && own != "(devel)" {
		b.Version = own
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Modules = append(b.Modules, module{m.Path, m.Version})
	}
	return b
}

func (a *app) printBuild(b build) {
	static := "yes, it needs no library of this machine"
	if !b.Static {
		static = "no, it loads libraries of this machine"
	}
	a.printf("haulier %s\n", b.Version)
	for _, line := range [][2]string{{"Go", b.Go}, {"system", b.System}, {"static", static}, {"time zones", b.Zones.String()}, {"database", "sqlite, without C"}} {
		a.printf("  %-12s%s\n", line[0], line[1])
	}
	a.printf("modules\n")
	for _, m := range b.Modules {
		a.printf("  %-52s %s\n", m.Path, m.Version)
	}
}
