//go:build !linux

package testserver

import (
	"errors"
	"syscall"
)

func endWithParent() *syscall.SysProcAttr { return nil }

// descendants knows none: elsewhere sessions end with their connections.
func descendants(int) []int { return nil }

func as(int) *syscall.SysProcAttr { return nil }

func withOwnMounts() *syscall.SysProcAttr { return nil }

func mountDisk(string, string) error { return errors.ErrUnsupported }

func unmountDisk(string) error { return nil }
