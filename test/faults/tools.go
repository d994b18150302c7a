package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// packages are the Debian packages of the tools that cases need.
var packages = map[string]string{
	"strace": "strace",
}

// missing says which tool this machine lacks; nil: none.
func missing(needs []string) error {
	for _, tool := range needs {
		if tool == "root" {
			if os.Geteuid() != 0 {
				return notRun{"needs root"}
			}
			continue
		}
		if strings.HasPrefix(tool, "/") {
			if _, err := os.Stat(tool); err != nil {
				return notRun{"needs " + tool}
			}
			continue
		}
		if _, err := exec.LookPath(tool); err != nil {
			if _, err := os.Stat("/usr/sbin/" + tool); err != nil {
				return notRun{fmt.Sprintf("needs %s: install Debian package %s", tool, packages[tool])}
			}
		}
	}
	return nil
}
