package sftptest_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftptest"
)

func contentOf(text string) *sftptest.Content {
	sum := sha256.Sum256([]byte(text))
	return &sftptest.Content{Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
}

// TestLogTellsWhatBecameOfContents: each line says what a request did, whatever was answered.
func TestLogTellsWhatBecameOfContents(t *testing.T) {
	var log bytes.Buffer
	s, root := start(t, sftptest.Options{LogTo: &log})
	c, ctx := connect(t, s), context.Background()
	put := func(name, content string) {
		if _, err := c.Put(ctx, name, strings.NewReader(content), wire.PutOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	put("/a", "first")
	if err := c.Rename(ctx, "/a", "/b"); err != nil {
		t.Fatal(err)
	}
	put("/a", "second")
	if err := c.PosixRename(ctx, "/a", "/b"); err != nil {
		t.Fatal(err)
	}
	if err := c.List(ctx, "/", wire.ListOptions{}, func(job.Entry) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := c.Remove(ctx, "/b"); err != nil {
		t.Fatal(err)
	}
	put("/c", "stays")
	s.Change(func(k *sftptest.Knobs) { k.KeepRemoved = true })
	if err := c.Remove(ctx, "/c"); err != nil {
		t.Fatal(err)
	}
	s.Change(func(k *sftptest.Knobs) {
		k.KeepRemoved = false
		k.Faults = []sftptest.Fault{{Op: "remove", Do: sftptest.FailDone, Code: 4, Times: 1}}
	})
	if err := c.Remove(ctx, "/c"); err == nil {
		t.Error("no failure")
	}
	s.Stop()
	if left, err := filepath.Glob(filepath.Join(root, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
	type told struct {
		op         string
		done       bool
		made, took *sftptest.Content
	}
	want := []told{
		{"close", true, contentOf("first"), nil}, {"rename", true, contentOf("first"), contentOf("first")},
		{"close", true, contentOf("second"), nil}, {"posix-rename", true, contentOf("second"), contentOf("second")},
		{"remove", true, nil, contentOf("second")}, {"close", true, contentOf("stays"), nil},
		{"remove", false, nil, nil}, {"remove", true, nil, contentOf("stays")},
	}
	shown := ""
	for line := range strings.Lines(log.String()) {
		var o sftptest.Operation
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		for _, f := range o.Listed {
			shown += f.Name
		}
		if o.Op == "remove" || o.Made != nil || o.Took != nil {
			got := told{o.Op, o.Done, o.Made, o.Took}
			if len(want) == 0 || !same(got.made, want[0].made) || !same(got.took, want[0].took) || got.op != want[0].op || got.done != want[0].done {
				t.Fatalf("%s, want %+v", line, want)
			}
			want = want[1:]
			if o.Began.IsZero() || o.At.Before(o.Began) {
				t.Errorf("times: %s", line)
			}
		}
	}
	if len(want) > 0 || shown != "b" {
		t.Errorf("listed %q; not told: %+v", shown, want)
	}
	if _, err := os.Stat(filepath.Join(root, "c")); err == nil {
		t.Error("it is still there")
	}
}

func same(a, b *sftptest.Content) bool { return a == b || a != nil && b != nil && *a == *b }
