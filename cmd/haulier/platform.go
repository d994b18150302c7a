package main

import (
	"bufio"
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// zones is where the clock rules of time zones come from.
type zones struct {
	Source  string `json:"source"`            // a path, or "embedded"
	Release string `json:"release,omitempty"` // of the zone database, such as 2026a; empty: it does not say
}

func (z zones) String() string {
	text := z.Source
	if z.Source == embedded {
		text = "part of the program, as this machine has none"
	}
	if z.Release != "" {
		text += ", release " + z.Release
	}
	return text
}

const embedded = "embedded"

// zonesHere looks where package time looks, in the same order: a zone database of the machine comes before that of the
// program.
func zonesHere() zones {
	places := []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}
	if own := os.Getenv("ZONEINFO"); own != "" {
		places = append([]string{own}, places...)
	}
	for _, place := range places {
		if info, err := os.Stat(filepath.Join(place, "Europe", "Brussels")); err == nil && info.Mode().IsRegular() {
			return zones{place, zoneRelease(place)}
		}
	}
	return zones{Source: embedded}
}

// zoneRelease reads the release where the database's packagers leave it.
func zoneRelease(place string) string {
	if text, err := os.ReadFile(filepath.Join(place, "+VERSION")); err == nil && len(text) < 32 {
		return strings.TrimSpace(string(text))
	}
	file, err := os.Open(filepath.Join(place, "tzdata.zi"))
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }() // read only
	line, _ := bufio.NewReaderSize(file, 64).ReadSlice('\n')
	release, found := strings.CutPrefix(strings.TrimSpace(string(line)), "# version ")
	if !found {
		return ""
	}
	return release
}

// isStatic says whether the running program asks for no dynamic loader. Other systems than Linux always load their
// own libraries.
func isStatic() bool {
	if runtime.GOOS != "linux" {
		return false
	}
	file, err := elf.Open("/proc/self/exe")
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // read only
	return !slices.ContainsFunc(file.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// localZone is the zone of this machine by its name, as a configuration wants it; UTC when it has none.
func localZone() string {
	if name, set := os.LookupEnv("TZ"); set {
		name = strings.TrimPrefix(name, ":")
		if checkZone(name) == nil {
			return name
		}
		return "UTC"
	}
	target, err := filepath.EvalSymlinks("/etc/localtime")
	if err != nil {
		return "UTC"
	}
	_, name, found := strings.Cut(target, "/zoneinfo/")
	if !found || checkZone(name) != nil {
		return "UTC"
	}
	return name
}
