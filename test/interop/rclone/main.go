// Command rclone is of rclone what the tests and the benchmark need: serve sftp over the local disk, copies to and from an
// SFTP server, and its listing. It is a module of its own, so that the program itself depends on none of it.
package main

import (
	_ "github.com/rclone/rclone/backend/local"
	_ "github.com/rclone/rclone/backend/sftp"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/copy"
	_ "github.com/rclone/rclone/cmd/lsf"
	_ "github.com/rclone/rclone/cmd/serve"
	_ "github.com/rclone/rclone/cmd/serve/sftp"
	_ "github.com/rclone/rclone/cmd/version"
)

func main() { cmd.Main() }
