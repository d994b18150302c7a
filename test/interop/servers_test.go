package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
)

// variant is what a behaviour may want of a server that is started for it. Zero: as the server usually is here.
type variant struct {
	login    string   // key, password, interactive, key+password
	hostKeys []string // ed25519, ecdsa, rsa
	rekey    bool     // keys change after 256 KiB, or as little as the server can be told
}

// server is one server of the table.
type server struct {
	name    string                               // column
	is      string                               // for the legend
	version func() string                        // nil: it is a configuration of the first one
	start   func(t testing.TB, v variant) *place // may end the visit with cannot
	expect  map[string]string                    // outcomes other than the behaviour's own, by name
	skip    map[string]string                    // why a behaviour is not asked of it, by name
}

// servers is the list: different programs first, then one of them in several configurations.
func servers() []server {
	return []server{
		{name: "openssh", is: "OpenSSH sshd with internal-sftp", version: sshdVersion, start: openSSH(testserver.Options{}), skip: sshdSkips},
		{name: "sftp-server", is: "OpenSSH sshd with sftp-server, a process of its own", version: sshdVersion, start: openSSH(testserver.Options{External: true})},
		{name: "proftpd", is: "ProFTPD with mod_sftp", version: versionOf("proftpd", "-v"), start: proFTPD, expect: proFTPDExpect, skip: proFTPDSkips},
		{name: "dropbear", is: "Dropbear with OpenSSH's sftp-server", version: versionOf("dropbear", "-V"), start: dropbear, expect: dropbearExpect, skip: dropbearSkips},
		{name: "rclone", is: "`rclone serve sftp` over a local folder", version: rcloneVersion, start: rclone, expect: rcloneExpect, skip: rcloneSkips},
		{name: "haulier", is: "the server of our own tests, `transfer/sftptest`", version: func() string { return "of this version" }, start: ours},

		{name: "rekey", is: "`RekeyLimit 256K`", start: openSSH(testserver.Options{Config: []string{"RekeyLimit 256K"}}), skip: sshdSkips},
		{name: "one-session", is: "`MaxSessions 1` and `MaxStartups 1:100:1`", start: openSSH(testserver.Options{Config: []string{"MaxSessions 1", "MaxStartups 1:100:1"}}), skip: sshdSkips},
		{name: "key-and-password", is: "`AuthenticationMethods publickey,password`", start: usually("key+password", testserver.Options{}), skip: sshdSkips},
		{name: "interactive", is: "`AuthenticationMethods keyboard-interactive`, asked by PAM", start: usually("interactive", testserver.Options{}), skip: sshdSkips},
		{name: "no-rename", is: "`internal-sftp -P rename,posix-rename`: renaming is refused; exports have `rename: none`", start: with("rename: none", openSSH(testserver.Options{SFTP: "-P rename,posix-rename"})), expect: noRenameExpect, skip: sshdSkips},
		{name: "put-only", is: "`internal-sftp -p open,write,close,realpath`: uploads only; exports have `profile: put-only`",
			start: with("profile: put-only", openSSH(testserver.Options{SFTP: "-p open,write,close,realpath"})), expect: putOnlyExpect, skip: sshdSkips},
		{name: "read-only", is: "`internal-sftp -R`", start: openSSH(testserver.Options{SFTP: "-R"}), expect: readOnlyExpect, skip: sshdSkips},
		{name: "chroot", is: "`ChrootDirectory`", start: openSSH(testserver.Options{Chroot: true}), skip: sshdSkips},
		{name: "ca-host-key", is: "`HostCertificate`: the host key is signed by an authority", start: openSSH(testserver.Options{CA: true}), skip: sshdSkips},
	}
}

// openSSH starts an sshd in a configuration.
func openSSH(o testserver.Options) func(testing.TB, variant) *place {
	return func(t testing.TB, v variant) *place {
		o := o
		o.Own, o.HostKeys = true, v.hostKeys
		o.Config = append(append([]string{}, o.Config...), methods(v.login)...)
		o.PAM = v.login == "interactive"
		if v.rekey {
			o.Config = append(o.Config, "RekeyLimit 256K")
		}
		if strings.Contains(strings.Join(o.Config, "\n"), "RekeyLimit") {
			o.Config = append(o.Config, "LogLevel DEBUG1") // it tells of new keys
		}
		s := testserver.SSHD(t, o)
		p := placeOf(t, s)
		p.login = v.login
		if p.login == "" {
			p.login = "key"
		}
		if o.External {
			p.asked, p.setstat = requestsIn(s.Requests), "set \""
		}
		if strings.Contains(strings.Join(o.Config, "\n"), "RekeyLimit") {
			p.rekeyed = func() bool { return strings.Count(s.Log(), "set_newkeys: rekeying") > 4 }
		}
		return p
	}
}

// requestsIn gives a log of requests that a server writes to a file.
func requestsIn(file string) func() string {
	return func() string {
		content, err := os.ReadFile(file)
		if err != nil {
			end(fails, "%v", err)
		}
		return string(content)
	}
}

// methods are the lines of sshd_config for a login.
func methods(login string) []string {
	switch login {
	case "password":
		return []string{"PasswordAuthentication yes", "AuthenticationMethods password"}
	case "key+password":
		return []string{"PasswordAuthentication yes", "AuthenticationMethods publickey,password"}
	case "interactive":
		return []string{"KbdInteractiveAuthentication yes", "AuthenticationMethods keyboard-interactive"}
	}
	return nil
}

// usually is an sshd that wants a certain login.
func usually(login string, o testserver.Options) func(testing.TB, variant) *place {
	start := openSSH(o)
	return func(t testing.TB, v variant) *place {
		if v.login == "" {
			v.login = login
		}
		return start(t, v)
	}
}

// with adds lines that a customer of this server would set for exports.
func with(setting string, start func(testing.TB, variant) *place) func(testing.TB, variant) *place {
	return func(t testing.TB, v variant) *place {
		p := start(t, v)
		p.settings = append(p.settings, setting)
		return p
	}
}

func proFTPD(t testing.TB, v variant) *place {
	log := filepath.Join(t.TempDir(), "requests")
	o := testserver.ProFTPDOptions{Own: true, HostKeys: v.hostKeys, Config: []string{
		"LogFormat request \"%m %f\"", "ExtendedLog " + log + " ALL request"}}
	switch v.login {
	case "key":
		o.Methods = "publickey"
	case "password":
		o.Methods = "password"
	case "key+password":
		o.Methods = "publickey+password"
	case "interactive":
		end(cannot, "it asks by PAM only, with a module of its own")
	}
	if v.rekey {
		o.Config = append(o.Config, "SFTPRekey required 3600 1")
	}
	s := testserver.ProFTPD(t, o)
	p := placeOf(t, s)
	p.login = v.login
	p.asked, p.setstat = requestsIn(log), "SETSTAT"
	if v.rekey {
		p.rekeyed = func() bool { return strings.Count(s.SFTPLog(t), "Session key exchange") > 4 }
	}
	return p
}

func dropbear(t testing.TB, v variant) *place {
	o := testserver.DropbearOptions{HostKeys: v.hostKeys}
	switch v.login {
	case "key":
		o.Args = []string{"-s"}
	case "key+password":
		o.Args = []string{"-t"}
	case "interactive":
		end(cannot, "it is built without PAM")
	}
	if v.rekey {
		end(cannot, "it changes keys after 1 GiB, and cannot be told otherwise")
	}
	p := placeOf(t, testserver.Dropbear(t, o))
	p.login = v.login
	return p
}

func rclone(t testing.TB, v variant) *place {
	o := testserver.RcloneOptions{Program: rcloneProgram(t), HostKeys: v.hostKeys}
	switch v.login {
	case "key":
		o.NoLogin = true
	case "password":
		o.NoKey = true
	case "key+password":
		end(cannot, "it takes either")
	case "interactive":
		end(cannot, "it does not ask that way")
	}
	if v.rekey {
		end(cannot, "it cannot be told when to change keys")
	}
	s := testserver.Rclone(t, o)
	p := placeOf(t, s)
	p.login, p.late = v.login, true
	down := false
	p.refresh = func() {
		if !down {
			s.Forget(t)
		}
	}
	p.stop = func() { down = true; s.Stop() }
	p.restart = func(t testing.TB) { s.Restart(t); down = false }
	p.cut, p.mend = s.Stop, func() { s.Restart(t) } // one process serves all sessions
	return p
}

// placeOf is a server of testserver. Its user is bound by rights.
func placeOf(t testing.TB, s *testserver.Server) *place {
	t.Helper()
	files := disk{s.Root, s.UID}
	p := &place{
		host: s.Host, port: s.Port, user: s.User, password: s.Password, keyFile: s.KeyFile, hostKeys: s.HostKeyLines,
		dir: s.Dir, full: s.Full, files: files, forbid: files.forbid, freeze: files.freeze,
		cut: s.EndSessions, mend: func() {}, pause: s.Pause, resume: s.Resume, stop: s.Stop, restart: s.Restart,
	}
	return p
}

func versionOf(name string, args ...string) func() string {
	return func() string {
		for _, dir := range []string{"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/"} {
			if _, err := os.Stat(dir + name); err == nil {
				return testserver.Version(dir+name, args...)
			}
		}
		return "not installed"
	}
}

func sshdVersion() string {
	version, _, _ := strings.Cut(testserver.Version("ssh", "-V"), ",")
	return version
}
