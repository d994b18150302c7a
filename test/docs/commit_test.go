package docs

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

func TestCommit(t *testing.T) {
	t.Chdir(t.TempDir())
	if commit, err := Commit(t.Context()); err == nil {
		t.Errorf("where there is no commit, it is %q", commit)
	}
	write := func(text string) {
		if err := os.WriteFile("file", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	for _, args := range [][]string{{"init", "-q"}, {"add", "file"}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false", "commit", "-qm", "x"}, {"tag", "v1"}} {
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	for _, want := range []string{"^[0-9a-f]{12}$", "^[0-9a-f]{12}-dirty$"} {
		if commit, err := Commit(t.Context()); err != nil || !regexp.MustCompile(want).MatchString(commit) {
			t.Errorf("%q, %v; want %s", commit, err, want)
		}
		write("new")
	}
}
