package packaging

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/test/program"
)

// instruction is a line of a Dockerfile.
type instruction struct{ verb, rest string }

// image reads the last stage of the Dockerfile.
func image(t *testing.T) (last []instruction) {
	t.Helper()
	for line := range strings.Lines(shipped(t, "packaging/Dockerfile")) {
		verb, rest, found := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case verb == "FROM":
			last = nil
			fallthrough
		case found && verb == strings.ToUpper(verb) && !strings.HasPrefix(verb, "#"):
			last = append(last, instruction{verb, rest})
		}
	}
	return last
}

// one gives the only instruction of its kind.
func one(t *testing.T, all []instruction, verb string) string {
	t.Helper()
	var found []string
	for _, i := range all {
		if i.verb == verb {
			found = append(found, i.rest)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: %q, want one", verb, found)
	}
	return found[0]
}

func words(t *testing.T, list string) (all []string) {
	t.Helper()
	if err := json.Unmarshal([]byte(list), &all); err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	return all
}

// layered makes the root of the image from the COPY lines of its last stage.
func layered(t *testing.T, all []instruction) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, i := range all {
		if i.verb != "COPY" {
			continue
		}
		var paths []string
		owned := false
		for _, word := range strings.Fields(i.rest) {
			if owned = owned || word == "--chown=65532:65532"; !strings.HasPrefix(word, "--") {
				paths = append(paths, word)
			}
		}
		target := filepath.Join(dir, paths[1])
		must(t, exec.Command("mkdir", "-p", filepath.Dir(target)))
		switch paths[0] {
		case "/out/haulier":
			must(t, exec.Command("cp", program.Built(t), target))
		case "/etc/ssl/certs/ca-certificates.crt":
			must(t, exec.Command("touch", target)) // of the machine that builds
		case "/out/data":
			must(t, exec.Command("mkdir", "-m", "0700", target))
		default:
			t.Fatalf("nobody knows what %s is", paths[0])
		}
		if owned {
			must(t, exec.Command("chown", "65532:65532", target))
		}
	}
	return dir
}

// TestContainerServes runs the image as a container would: its root is read-only, its user is nobody, there is no shell and no
// library, and only the volume can be written. The health check says what it is to say, before, while and after it serves.
func TestContainerServes(t *testing.T) {
	takesTime(t)
	if os.Getuid() != 0 {
		t.Skip("needs root: a container has a root of its own")
	}
	t.Parallel()
	all := image(t)
	if all[0] != (instruction{"FROM", "scratch"}) || one(t, all, "USER") != "65532:65532" || one(t, all, "VOLUME") != "/data" {
		t.Fatalf("the image is %q", all)
	}
	dir := layered(t, all)
	file := filepath.Join(dir, "etc/haulier/haulier.yaml")
	must(t, exec.Command("mkdir", "-p", filepath.Dir(file)))
	must(t, exec.Command("chmod", "0755", dir, filepath.Dir(dir)))
	if err := os.WriteFile(file, []byte(shipped(t, "packaging/compose/haulier.yaml")), 0o644); err != nil {
		t.Fatal(err)
	}
	container := func(args ...string) *exec.Cmd {
		// Mounts are of the new namespace only, and go with it.
		script := `mount --bind "$0" "$0" && mount --bind "$0/data" "$0/data" && mount -o remount,bind,ro "$0" && exec chroot --userspec=65532:65532 "$0" "$@"`
		command := exec.Command("unshare", append([]string{"--mount", "sh", "-c", script, dir}, args...)...)
		command.Env = append([]string{one(t, all, "ENV"), "NO_COLOR=1"}, "PATH=/usr/sbin:/usr/bin:/sbin:/bin")
		return command
	}
	_, health, _ := strings.Cut(one(t, all, "HEALTHCHECK"), "CMD ")
	if out, err := container(words(t, health)...).CombinedOutput(); err == nil || !strings.Contains(string(out), "local.no_daemon") {
		t.Errorf("before it serves: %v %s", err, out)
	}
	serve := container(append(words(t, one(t, all, "ENTRYPOINT")), words(t, one(t, all, "CMD"))...)...)
	log := filepath.Join(t.TempDir(), "log")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	serve.Stdout, serve.Stderr = out, out
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve.Wait() }()
	healthy := func() bool { return container(words(t, health)...).Run() == nil }
	for deadline := time.Now().Add(time.Minute); !healthy(); time.Sleep(100 * time.Millisecond) {
		if len(ended) > 0 || time.Now().After(deadline) {
			_ = serve.Process.Kill()
			t.Fatalf("it does not serve:\n%s", read(t, log))
		}
	}
	if said := must(t, container("/usr/bin/haulier", "keys", "generate", "acme")); !strings.Contains(said, "acme") {
		t.Errorf("a key was made: %s", said)
	}
	if out, err := container("/usr/bin/haulier", "init", "/usr/new", "--yes").CombinedOutput(); err == nil || !strings.Contains(string(out), "read-only file system") {
		t.Errorf("it wrote beside its volume: %v %s", err, out)
	}
	if user, _ := owner(t, filepath.Join(dir, "data/haulier/haulier.db")); user != 65532 {
		t.Errorf("the store is of %d", user)
	}
	if err := serve.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("told to stop it ended with %v:\n%s", err, read(t, log))
	}
}

// TestComposeAsksForLittle: the example gives the container no right that it does not need, and its configuration is whole.
func TestComposeAsksForLittle(t *testing.T) {
	takesTime(t)
	for _, line := range []string{"    read_only: true\n", "    cap_drop: [ALL]\n", `    user: "65532:65532"` + "\n", "no-new-privileges:true"} {
		if !strings.Contains(shipped(t, "packaging/compose/compose.yaml"), line) {
			t.Errorf("the compose file has no %q", line)
		}
	}
	m := installed(t, shipped(t, "packaging/compose/haulier.yaml"))
	ends(t, m, 0, "check")
}
