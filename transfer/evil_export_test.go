package transfer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// delivered gives what lies in the customer's folder under final names.
func (b *bundle) delivered(name string) []byte { return files(b.t, b.remote("in"))[name] }

// A WRITE is answered with an error, at each position in turn: the upload is never called done, nothing lies under the
// final name, and the next run delivers it whole. On the wire in pieces of 32 KiB: the server grants no more.
func TestExportWhoseWriteIsRefusedAtAnyPosition(t *testing.T) {
	const writes = 33 // of 1 MiB and a byte
	content := noise(1<<20 + 1)
	for name, tc := range map[string]struct {
		code uint32
		slug string
	}{
		"EOF": {packet.EOF, "remote.failure"}, "FAILURE": {packet.Failure, "remote.failure"}, "NO_SPACE": {packet.NoSpace, "remote.no_space"},
	} {
		for _, inPlace := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " in place ", inPlace), func(t *testing.T) {
				t.Parallel()
				b := evil(t).exporting(func(ex *job.Export) { ex.InPlace = inPlace })
				for k := range writes {
					if (inPlace || testing.Short()) && k%8 != 0 {
						continue // the engine is the same
					}
					refuseOne(t, b, fmt.Sprintf("%d.csv", k), content, fault("write", sftptest.Fail, after(k), once, code(tc.code)), tc.slug)
				}
			})
		}
	}
}

// refuseOne exports one file on which the server refuses something, and then once more on an honest one.
func refuseOne(t *testing.T, b *bundle, name string, content []byte, knobs sftptest.Knobs, slug string) {
	t.Helper()
	path := filepath.Join(b.outbox, name)
	putBytes(t, path, content)
	knobs.NoExtensions = true
	b.lie(knobs)
	ended(t, b.do(), job.RunFailed, slug)
	if f := b.last(); f.State != job.FileFailed || f.Receipt != nil || f.Proof != "" {
		t.Errorf("%s: the row says %s, proof %q", name, f.State, f.Proof)
	}
	if !b.spec.Export.InPlace && b.delivered(name) != nil {
		t.Errorf("%s: something lies under the final name", name)
	}
	b.lie(sftptest.Knobs{NoExtensions: true})
	b.want(1, 0, 0, 0)
	if string(b.delivered(name)) != string(content) || len(files(t, b.remote("in"))) != 1 {
		t.Errorf("%s: not delivered whole and alone", name)
	}
	for _, dir := range []string{path, b.remote("in", name)} {
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// The channel or the connection dies in the middle of an upload, at each WRITE in turn.
func TestExportWhoseChannelDies(t *testing.T) {
	content := noise(1<<20 + 1)
	for name, do := range map[string]sftptest.Action{
		"channel": sftptest.EndSession, "channel, written": sftptest.EndSessionDone, "connection": sftptest.Drop, "half an answer": sftptest.Truncated,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := evil(t).exporting(nil)
			for k := 0; k < 33; k += 4 {
				refuseOne(t, b, fmt.Sprintf("%d.csv", k), content, fault("write", do, after(k), once), "net.lost")
			}
		})
	}
}

// Each lie, told while one file is exported: what is called delivered lies there whole, what does not is not, the run ends
// with the reason, and once the server is honest again the next run delivers, unless a person has to say.
func TestExportToALyingServer(t *testing.T) {
	t.Cleanup(transfer.Hasten())
	const whole = 600_000
	content := noise(whole)
	readback := func(ex *job.Export) { ex.Verify = job.VerifyReadback }
	unverified := func(ex *job.Export) { ex.Verify = job.VerifyNone }
	for name, tc := range map[string]struct {
		knobs sftptest.Knobs
		how   func(*job.Export)
		state job.RunState
		slug  string
		file  job.State
		final bool // the next run does not take it by itself
	}{
		"OPEN answered with OK":        {fault("open", sftptest.Pretend), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"OPEN denied":                  {fault("open", sftptest.Fail, code(packet.PermissionDenied)), nil, job.RunFailed, "remote.permission", job.FileFailed, false},
		"WRITE under a wrong id":       {fault("write", sftptest.WrongID), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"WRITE of no known kind":       {fault("write", sftptest.WrongType), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"WRITE answered twice":         {fault("write", sftptest.Twice), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"WRITE answered with DATA":     {fault("write", sftptest.MoreData), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"WRITE answered by no byte":    {fault("write", sftptest.EmptyPacket), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"WRITE answered by too many":   {fault("write", sftptest.OverlongPacket), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"silence in WRITE":             {fault("write", sftptest.Stall, after(1)), nil, job.RunFailed, "net.stalled", job.FileFailed, false},
		"silence in CLOSE":             {fault("close", sftptest.StallDone), nil, job.RunFailed, "net.stalled", job.FileFailed, false},
		"silence in RENAME":            {fault("rename", sftptest.StallDone), nil, job.RunFailed, "net.stalled", job.FileFailed, false},
		"fsync refused":                {fault("fsync", sftptest.Fail, code(packet.Failure)), nil, job.RunFailed, "remote.failure", job.FileFailed, false},
		"CLOSE refused":                {fault("close", sftptest.Fail, code(packet.Failure)), nil, job.RunFailed, "remote.failure", job.FileFailed, false},
		"CLOSE done and refused":       {fault("close", sftptest.FailDone, code(packet.Failure)), nil, job.RunFailed, "remote.failure", job.FileFailed, false},
		"CLOSE refused for the quota":  {fault("close", sftptest.FailDone, code(packet.QuotaExceeded)), nil, job.RunFailed, "remote.no_space", job.FileFailed, false},
		"CLOSE refused by EOF":         {fault("close", sftptest.FailDone, code(packet.EOF)), nil, job.RunFailed, "remote.failure", job.FileFailed, false},
		"DATA behind CLOSE":            {fault("close", sftptest.StaleData), nil, job.RunFailed, "remote.protocol", job.FileFailed, false},
		"last WRITE pretended":         {fault("write", sftptest.Pretend, after(2)), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"a WRITE pretended":            {fault("write", sftptest.Pretend, after(1), once), readback, job.RunPartial, "remote.content_differs", job.FileHeld, true},
		"RENAME pretended":             {fault("rename", sftptest.Pretend), nil, job.RunFailed, "remote.rename_ignored", job.FileFailed, false},
		"RENAME refused":               {fault("rename", sftptest.Fail, code(packet.Failure)), nil, job.RunFailed, "remote.rename_refused", job.FileFailed, false},
		"RENAME done and refused":      {fault("rename", sftptest.FailDone, code(packet.Failure)), nil, job.RunSucceeded, "", job.FileDelivered, true},
		"size is not told":             {size(-1), nil, job.RunFailed, "remote.size_unknown", job.FileFailed, false},
		"size is not told, nor asked":  {size(-1), unverified, job.RunSucceeded, "", job.FileDelivered, true},
		"size 0":                       {size(0), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"size 10":                      {size(10), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"size 1 TiB":                   {size(1 << 40), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"size changes at every look":   {growing(), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"the temporary grows":          {fault("close", sftptest.Grow), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"the temporary shrinks":        {fault("close", sftptest.Shrink), nil, job.RunFailed, "remote.size_mismatch", job.FileFailed, false},
		"replaced before it is read":   {fault("rename", sftptest.Replace), readback, job.RunPartial, "remote.content_differs", job.FileHeld, true},
		"read back short":              {sftptest.Knobs{EndEarly: 100_000}, readback, job.RunPartial, "remote.content_differs", job.FileHeld, true},
		"read back in tiny pieces":     {sftptest.Knobs{RandomReads: 3, ReadAtMost: 9000, Reorder: 4}, readback, job.RunSucceeded, "", job.FileDelivered, true},
		"answers out of order":         {sftptest.Knobs{Reorder: 8, NoExtensions: true}, nil, job.RunSucceeded, "", job.FileDelivered, true},
		"keepalives answered late":     {sftptest.Knobs{KeepaliveDelay: 100 * time.Millisecond}, nil, job.RunSucceeded, "", job.FileDelivered, true},
		"a few lines before the login": {sftptest.Knobs{Preface: "Authorised users only\r\n", Banners: 10}, nil, job.RunSucceeded, "", job.FileDelivered, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := evil(t).exporting(tc.how)
			b.conn.Timeouts.Keepalive = 20 * time.Millisecond
			putBytes(t, filepath.Join(b.outbox, "a.csv"), content)
			b.lie(tc.knobs)
			ended(t, bounded(t, func() job.Result { return b.do() }), tc.state, tc.slug)
			row := b.last()
			if row.State != tc.file {
				t.Errorf("the row says %q, want %q", row.State, tc.file)
			}
			if isWhole := string(b.delivered("a.csv")) == string(content); row.State == job.FileDelivered && !isWhole {
				t.Errorf("it is called delivered, with proof %s, and %d bytes lie there", row.Proof, len(b.delivered("a.csv")))
			}
			b.lie(sftptest.Knobs{})
			b.do()
			if now := b.last(); (now.State == job.FileDelivered && string(b.delivered("a.csv")) == string(content)) != (!tc.final || tc.file == job.FileDelivered) {
				t.Errorf("afterwards it is %s with %d bytes, reason %v", now.State, len(b.delivered("a.csv")), now.Reason)
			}
			if _, err := os.Stat(filepath.Join(b.outbox, "a.csv")); err != nil {
				t.Errorf("the source: %v", err)
			}
		})
	}
}

// growing tells another size at every look.
func growing() sftptest.Knobs {
	told := int64(0)
	return sftptest.Knobs{Size: func(_ string, real int64) int64 { told++; return real + told }}
}

// The platform changes its file while it is sent: what arrives whole is one version or the other, never a mixture.
func TestExportOfAFileThatChangesWhileItIsSent(t *testing.T) {
	old := noise(3 << 20)
	for name, change := range map[string]func(path string) []byte{
		"grows": func(path string) []byte {
			more := append(append([]byte(nil), old...), "more"...)
			put(t, path, string(more))
			return more
		},
		"shrinks": func(path string) []byte { put(t, path, string(old[:1<<20])); return old[:1<<20] },
		"written over": func(path string) []byte { // of the size that it had
			other := noise(3<<20 + 1)[:3<<20]
			writeOver(t, path, other)
			return other
		},
		"replaced": func(path string) []byte {
			other := noise(3<<20 + 1)[:3<<20]
			put(t, path+".new", string(other), time.Now().Add(-time.Hour))
			if err := os.Rename(path+".new", path); err != nil {
				t.Fatal(err)
			}
			return other
		},
		"goes": func(path string) []byte {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := evil(t).exporting(func(ex *job.Export) { ex.IfExists = job.ExistsReplace })
			path := filepath.Join(b.outbox, "a.csv")
			putBytes(t, path, old)
			var now []byte
			changed := false
			b.watch = func(p job.Progress) {
				if p.Stage == job.StageUpload && !changed {
					changed = true
					now = change(path)
				}
			}
			first := bounded(t, func() job.Result { return b.do() })
			if first.Reason != nil {
				speaks(t, first.Reason)
			}
			if !changed {
				t.Fatal("nothing was changed")
			}
			onlyWhole(t, b.remote("in"), old, now)
			if there := b.delivered("a.csv"); (b.rows()[0].State == job.FileDelivered) != (string(there) == string(old)) {
				t.Errorf("the first version is %s and %d bytes lie there", b.rows()[0].State, len(there))
			}
			b.watch = nil
			b.do()
			if want := now; want != nil && string(b.delivered("a.csv")) != string(want) {
				t.Errorf("afterwards %d bytes lie there: %+v", len(b.delivered("a.csv")), b.last().Reason)
			}
		})
	}
}

func TestExportToAServerThatDrips(t *testing.T) {
	b := evil(t).exporting(nil)
	b.conn.Timeouts.Floor, b.conn.Timeouts.FloorOver, b.conn.Timeouts.Stall = 1<<30, time.Second, 10*time.Second
	b.conn.Timeouts.Operation = time.Minute
	putBytes(t, filepath.Join(b.outbox, "a.csv"), noise(1<<20))
	b.lie(sftptest.Knobs{Faults: []sftptest.Fault{{Op: "write", Delay: 200 * time.Millisecond}}, NoExtensions: true})
	ended(t, bounded(t, func() job.Result { return b.do() }), job.RunFailed, "net.too_slow")
	if b.delivered("a.csv") != nil || b.last().State == job.FileDelivered {
		t.Errorf("it was delivered: %+v", b.last())
	}
}

func TestExportRepeatsNothingHarmfulOfAServer(t *testing.T) {
	text := "user platform with password " + canary + " \x1b]0;owned\a\x1b[2J\r\n\u202efdp.exe\x00" + string([]byte{0xff, 0xfe})
	for op, slug := range map[string]string{
		"open": "remote.failure", "write": "remote.failure", "close": "remote.failure", "lstat": "remote.failure", "rename": "remote.rename_refused",
	} {
		b := evilWithPassword(t).exporting(nil)
		putBytes(t, filepath.Join(b.outbox, "a.csv"), noise(100))
		b.lie(sftptest.Knobs{Faults: []sftptest.Fault{{Op: op, Do: sftptest.Fail, Code: packet.Failure, Text: text}}})
		ended(t, b.do(), job.RunFailed, slug)
		speaks(t, b.last().Reason)
	}
}

func TestExportThatIsCutAtEveryRequest(t *testing.T) {
	for name, do := range map[string]sftptest.Action{
		"before": sftptest.Drop, "unanswered": sftptest.DropDone, "answered": sftptest.DropAnswered, "channel": sftptest.EndSessionDone,
	} {
		t.Run(name, func(t *testing.T) {
			cutEverywhere(t, func(k *sftptest.Knobs, n int) {
				k.Faults = []sftptest.Fault{{After: n, Times: 1, Do: do}}
			}, exportOnce)
		})
	}
}

func TestExportThatIsCutAtEveryPacket(t *testing.T) {
	t.Run("sent", func(t *testing.T) {
		cutEverywhere(t, func(k *sftptest.Knobs, n int) { k.CutAfterSent = n + 1 }, exportOnce)
	})
	t.Run("received", func(t *testing.T) {
		cutEverywhere(t, func(k *sftptest.Knobs, n int) { k.CutAfterReceived = n + 1 }, exportOnce)
	})
}

// exportOnce exports one file to a server that is cut, and then to one that is not.
func exportOnce(t *testing.T, set func(*sftptest.Knobs)) bool {
	b := evil(t).exporting(nil)
	content := noise(70_000)
	putBytes(t, filepath.Join(b.outbox, "a.csv"), content)
	b.server.Change(set)
	first := b.try()
	if first.Reason != nil {
		speaks(t, first.Reason)
	}
	b.lie(sftptest.Knobs{})
	b.resume(first.Reason)
	b.do()
	b.do()
	if there := files(t, b.remote("in")); len(there) != 1 || string(there["a.csv"]) != string(content) {
		t.Errorf("%d files lie there, reason %v, row %+v", len(there), first.Reason, b.last())
	}
	if f := b.last(); f.State != job.FileDelivered {
		t.Errorf("the row says %s: %v", f.State, f.Reason)
	}
	return first.State == job.RunSucceeded
}
