package sheet

import (
	"slices"
	"strings"
)

// servers are the products that the sheet says where to put a key in, with their own names.
var servers = []struct{ name, says string }{
	{"OpenSSH", "install.openssh"}, {"OpenSSH, Windows", "install.windows"}, {"Bitvise SSH Server", "install.bitvise"}, {"SFTPGo", "install.sftpgo"},
	{"AWS Transfer Family", "install.aws"}, {"Azure Blob Storage", "install.azure"}, {"Cleo, GoAnywhere, MOVEit", "install.mft"},
}

// login says how we log in: with a key of ours, with one of theirs, with a password.
func (c composer) login() (string, []Block) {
	var blocks []Block
	key := slices.Contains(c.Methods, "publickey")
	switch {
	case !key:
	case c.TheirKey:
		blocks = append(blocks, text(c.say("install.theirs", "user", c.User)))
	case len(c.Keys) == 0:
		blocks = append(blocks, text(c.say("install.missing")))
	default:
		blocks = append(blocks, c.keys()...)
	}
	if slices.Contains(c.Methods, "password") || slices.Contains(c.Methods, "keyboard-interactive") {
		blocks = append(blocks, text(c.say("password", "user", c.User)))
		if key {
			blocks = append(blocks, text(c.say("password.both")))
		}
	}
	return "login", blocks
}

func (c composer) keys() []Block {
	blocks := []Block{text(c.say("install.key", "user", c.User))}
	modern := false
	for _, k := range c.Keys {
		if k.Next {
			blocks = append(blocks, text(c.say("install.next")))
		}
		prints := strings.ReplaceAll(c.say("install.prints"), "{prints}", typed(k.SHA256, "MD5:"+k.MD5))
		blocks = append(blocks, c.file(k.Label+".pub", k.OpenSSH), text(prints), text(c.say("install.ssh2")), c.file(k.Label+".ssh2.pub", k.SSH2))
		modern = modern || !strings.HasPrefix(k.Algorithm, "rsa")
	}
	rows := [][]string{{c.say("install.server"), c.say("install.where")}}
	for _, server := range servers {
		rows = append(rows, []string{server.name, c.say(server.says)})
	}
	blocks = append(blocks, table(rows...))
	if modern {
		blocks = append(blocks, text(c.say("install.old")))
	}
	return blocks
}
