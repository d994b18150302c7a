// Command rclone is of rclone what the interop tests need: serve sftp over the local disk. It is a module of its own, so
// that the program itself depends on none of it.
package main

import (
	_ "github.com/rclone/rclone/backend/local"
	"github.com/rclone/rclone/cmd"
	_ "github.com/rclone/rclone/cmd/serve"
	_ "github.com/rclone/rclone/cmd/serve/sftp"
)

func main() { cmd.Main() }
