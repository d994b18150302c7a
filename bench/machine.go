package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/bench/link"
)

// machine says what all was measured on.
func machine(o options) []string {
	memory := first(`MemTotal: *(\d+) kB`, "/proc/meminfo")
	var kb int64
	_, _ = fmt.Sscan(memory, &kb)
	var name unix.Utsname
	_ = unix.Uname(&name)
	lines := []string{
		fmt.Sprintf("%d cores of %s, %d GiB, Linux %s, %s.", runtime.NumCPU(), first(`model name\s*: (.*)`, "/proc/cpuinfo"), (kb+gib/kib/2)/(gib/kib),
			unix.ByteSliceToString(name.Release[:]), first(`PRETTY_NAME="(.*)"`, "/etc/os-release")),
		files(o),
	}
	return append(lines, network())
}

// files says where they lie.
func files(o options) string {
	text := "Files, on both sides, on " + kindOf(o.dir)
	if inMemory(o.dir) {
		text += ", where it costs nothing to make sure that they are kept"
	}
	if !inMemory(o.disk) {
		text += "; \"on a disk\" is on " + kindOf(o.disk)
	}
	return text + "."
}

// network says how connections are controlled. Where a namespace of its own cannot be had, the machine's way counts.
func network() string {
	control := link.Congestion + ", in network namespaces of the program's own"
	if lo, err := link.Loopback(); err == nil {
		_ = lo.Close()
	} else {
		control = first(`(\S+)`, "/proc/sys/net/ipv4/tcp_congestion_control") + ", on the machine's own loopback"
	}
	buffer := func(name string) string { return first(`(\d+)\s*$`, "/proc/sys/net/ipv4/tcp_"+name) }
	return fmt.Sprintf("TCP: %s; buffers of at most %s bytes to send and %s to receive.", control, buffer("wmem"), buffer("rmem"))
}

// first gives what a pattern finds in a file.
func first(pattern, file string) string {
	text, _ := os.ReadFile(file)
	if found := regexp.MustCompile("(?m)" + pattern).FindSubmatch(text); found != nil {
		return strings.TrimSpace(string(found[1]))
	}
	return "?"
}

// kindOf names the kind of file system that a folder is on.
func kindOf(dir string) string {
	best, kind := "", "?"
	mounts, _ := os.ReadFile("/proc/self/mounts")
	dir, _ = filepath.Abs(dir)
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || len(fields[1]) < len(best) {
			continue
		}
		if below, err := filepath.Rel(fields[1], dir); err == nil && below != ".." && !strings.HasPrefix(below, "../") {
			best, kind = fields[1], fields[2]
		}
	}
	return kind
}

// inMemory says whether a folder is on no disk, where it costs nothing to make sure that something is kept.
func inMemory(dir string) bool { return kindOf(dir) == "tmpfs" || kindOf(dir) == "ramfs" }

// spare is how many bytes a folder's file system has free.
func spare(dir string) int64 {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0
	}
	return int64(s.Bavail) * s.Bsize
}

// found gives the path of a program, which may be one that only root's path leads to; empty: it is not there.
func found(name string) string {
	if file, err := exec.LookPath(name); err == nil {
		return file
	}
	if file, err := exec.LookPath("/usr/sbin/" + name); err == nil {
		return file
	}
	return ""
}

// said is the first line that a program says of itself, less its copyright.
func said(ctx context.Context, words ...string) string {
	out, _ := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	line, _, _ = strings.Cut(line, " | Copyright")
	return line
}
