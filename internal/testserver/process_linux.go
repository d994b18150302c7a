package testserver

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// endWithParent lets a server die with the test's process, also when that is killed.
func endWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// as lets a server run as another user.
func as(uid int) *syscall.SysProcAttr {
	attr := endWithParent()
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
	return attr
}

// withOwnMounts gives a server mounts that nobody else sees.
func withOwnMounts() *syscall.SysProcAttr {
	attr := endWithParent()
	attr.Unshareflags = syscall.CLONE_NEWNS
	return attr
}

func mountDisk(dir, options string) error { return syscall.Mount("none", dir, "tmpfs", 0, options) }

func unmountDisk(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }

// descendants are the processes that pid started, and those that they started.
func descendants(pid int) []int {
	children := map[int][]int{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		child, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if parent, ok := parentOf(entry.Name()); ok {
			children[parent] = append(children[parent], child)
		}
	}
	found := []int{}
	for next := children[pid]; len(next) > 0; {
		found = append(found, next...)
		var deeper []int
		for _, child := range next {
			deeper = append(deeper, children[child]...)
		}
		next = deeper
	}
	return found
}

// parentOf reads the fourth field of a process's stat; the second one, in parentheses, may hold anything.
func parentOf(pid string) (int, bool) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, false
	}
	_, rest, ok := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 2 {
		return 0, false
	}
	parent, err := strconv.Atoi(fields[1])
	return parent, err == nil
}
