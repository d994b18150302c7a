package transfer_test

import (
	"fmt"
	"os"

	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// edges are the sizes of files around the lengths in which they are asked for.
var edges = []int{0, 1, 32767, 32768, 32769, 1<<20 + 1}

// shorts are how many bytes a server gives in one answer to READ.
var shorts = []int{
	1, 2, 3, 7, 64, 100, 255, 256, 511, 1000, 1024, 2047, 4095, 4096, 4097, 8191, 10000, 16383, 16384, 16385, 20000, 32766, 32767,
}

func TestImportIsWholeWhateverAReadGives(t *testing.T) {
	for i, most := range shorts {
		if testing.Short() && i%4 != 0 {
			continue
		}
		t.Run(fmt.Sprint(most), func(t *testing.T) { importEdges(t, sftptest.Knobs{ReadAtMost: most}) })
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("random ", seed), func(t *testing.T) {
			importEdges(t, sftptest.Knobs{RandomReads: seed + 1, ReadAtMost: 1 << 15, Reorder: int(seed) * 8})
		})
	}
}

// importEdges fetches a file of each size, all in one run.
func importEdges(t *testing.T, knobs sftptest.Knobs) {
	t.Parallel()
	b := evil(t).importing(func(im *job.Import) { im.AllowEmpty = true })
	want := map[string][]byte{}
	for _, size := range edges {
		if knobs.ReadAtMost > 0 && knobs.ReadAtMost < 64 && size > 1<<16 && testing.Short() {
			continue // a million answers
		}
		name := fmt.Sprintf("%d.csv", size)
		want[name] = noise(size)
		putBytes(t, b.remote("out", name), want[name])
	}
	b.lie(knobs)
	b.want(len(want), 0, 0, 0)
	if got := files(t, b.landing); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("not all %d files are what the server had", len(want))
	}
}

// fault is one fault on one kind of request.
func fault(op string, do sftptest.Action, change ...func(*sftptest.Fault)) sftptest.Knobs {
	f := sftptest.Fault{Op: op, Do: do}
	for _, c := range change {
		c(&f)
	}
	return sftptest.Knobs{Faults: []sftptest.Fault{f}}
}

func code(c uint32) func(*sftptest.Fault) { return func(f *sftptest.Fault) { f.Code = c } }
func after(n int) func(*sftptest.Fault)   { return func(f *sftptest.Fault) { f.After = n } }
func once(f *sftptest.Fault)              { f.Times = 1 }

// size tells a size in the place of the truth.
func size(n int64) sftptest.Knobs {
	return sftptest.Knobs{Size: func(string, int64) int64 { return n }}
}

// mode tells a type in the place of the truth, of files.
func mode(bits uint32) sftptest.Knobs {
	return sftptest.Knobs{Mode: func(_ string, real uint32) uint32 { return real&^packet.ModeType | bits }}
}

// Each lie, told while one file of 200,000 bytes is imported: it never lands wrong, the run ends with the reason, and once
// the server is honest again the next run lands it, unless the file was judged.
func TestImportFromALyingServer(t *testing.T) {
	const whole = 200_000
	content := noise(whole)
	for name, tc := range map[string]struct {
		knobs sftptest.Knobs
		state job.RunState
		slug  string
		file  job.State // of the row; empty: there is none
		final bool      // the next run does not take it by itself
	}{
		"end at a chunk's edge":       {sftptest.Knobs{EndEarly: 64 << 10}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"end inside a chunk":          {sftptest.Knobs{EndEarly: 70_001}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"end before the last byte":    {sftptest.Knobs{EndEarly: whole - 1}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"end behind the first byte":   {sftptest.Knobs{EndEarly: 1}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"end at once":                 {fault("read", sftptest.Fail, code(packet.EOF)), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"READ gives more":             {fault("read", sftptest.MoreData), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ under a wrong id":       {fault("read", sftptest.WrongID), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ of no known kind":       {fault("read", sftptest.WrongType), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ answered twice":         {fault("read", sftptest.Twice, once), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ answered with OK":       {fault("read", sftptest.Pretend), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ answered by no byte":    {fault("read", sftptest.EmptyPacket), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ answered by too many":   {fault("read", sftptest.OverlongPacket), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"READ cut in the middle":      {fault("read", sftptest.Truncated), job.RunFailed, "net.lost", job.FileFailed, false},
		"READ refused":                {fault("read", sftptest.Fail, code(packet.Failure)), job.RunFailed, "remote.failure", job.FileFailed, false},
		"READ denied":                 {fault("read", sftptest.Fail, code(packet.PermissionDenied)), job.RunFailed, "remote.permission", job.FileFailed, false},
		"channel ends":                {fault("read", sftptest.EndSession), job.RunFailed, "net.lost", job.FileFailed, false},
		"connection ends":             {fault("read", sftptest.Drop), job.RunFailed, "net.lost", job.FileFailed, false},
		"silence in READ":             {fault("read", sftptest.Stall), job.RunFailed, "net.stalled", job.FileFailed, false},
		"silence in OPEN":             {fault("open", sftptest.Swallow), job.RunFailed, "net.stalled", job.FileFailed, false},
		"silence in CLOSE":            {fault("close", sftptest.Swallow), job.RunSucceeded, "", job.FileLanded, true}, // all that was read is whole
		"OPEN answered with OK":       {fault("open", sftptest.Pretend), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"CLOSE refused":               {fault("close", sftptest.Fail, after(1), code(packet.Failure)), job.RunSucceeded, "", job.FileLanded, true}, // it is whole
		"DATA behind CLOSE":           {fault("close", sftptest.StaleData, after(1)), job.RunFailed, "remote.protocol", job.FileFailed, false},
		"size is not told":            {size(-1), job.RunFailed, "remote.size_unknown", job.FileRejected, false},
		"size 0":                      {size(0), job.RunFailed, "content.empty", job.FileRejected, false},
		"size 10":                     {size(10), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"size one less":               {size(whole - 1), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"size one more":               {size(whole + 1), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"size 1 TiB":                  {size(1 << 40), job.RunFailed, "content.too_large", job.FileRejected, false},
		"never ends":                  {sftptest.Knobs{NeverEnds: true}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"never ends, of no size":      {sftptest.Knobs{NeverEnds: true, Size: size(-1).Size}, job.RunFailed, "remote.size_unknown", job.FileRejected, false},
		"never ends, of ten bytes":    {sftptest.Knobs{NeverEnds: true, Size: size(10).Size}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"never ends, of 1 MiB":        {sftptest.Knobs{NeverEnds: true, Size: size(1 << 20).Size}, job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"grows":                       {fault("read", sftptest.Grow, once), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"grows behind its end":        {fault("close", sftptest.Grow, after(1)), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"shrinks":                     {fault("read", sftptest.Shrink, once), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"replaced":                    {fault("read", sftptest.Replace, once), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"replaced behind its end":     {fault("close", sftptest.Replace, after(1)), job.RunPartial, "remote.size_changed", job.FileHeld, false},
		"told to be a link":           {mode(packet.ModeLink), job.RunSucceeded, "", "", false},
		"told to be a folder":         {mode(packet.ModeDir), job.RunSucceeded, "", "", false},
		"told to be a pipe":           {mode(syscall.S_IFIFO), job.RunSucceeded, "", "", false},
		"told to be a device":         {mode(syscall.S_IFCHR), job.RunSucceeded, "", "", false},
		"listing cut in the middle":   {fault("readdir", sftptest.Truncated), job.RunFailed, "net.lost", "", false},
		"listing in one huge packet":  {fault("readdir", sftptest.OverlongPacket), job.RunFailed, "remote.listing_packet_too_long", "", false},
		"listing answered with OK":    {fault("readdir", sftptest.Pretend), job.RunFailed, "remote.protocol", "", false},
		"listing refused":             {fault("opendir", sftptest.Fail, code(packet.Failure)), job.RunFailed, "remote.failure", "", false},
		"new names for ever":          {sftptest.Knobs{EndlessListing: true}, job.RunPartial, "remote.too_many_entries", "", false},
		"answers out of order":        {sftptest.Knobs{Reorder: 8, ReadAtMost: 5000}, job.RunSucceeded, "", job.FileLanded, true},
		"keepalives answered late":    {sftptest.Knobs{KeepaliveDelay: 100 * time.Millisecond}, job.RunSucceeded, "", job.FileLanded, true},
		"keepalives never answered":   {sftptest.Knobs{IgnoreKeepalives: true}, job.RunSucceeded, "", job.FileLanded, true},
		"messages before the login":   {sftptest.Knobs{Banners: 10}, job.RunSucceeded, "", job.FileLanded, true},
		"a few lines before the rest": {sftptest.Knobs{Preface: "\x1b[2JAuthorised users only\r\n"}, job.RunSucceeded, "", job.FileLanded, true},
	} {
		t.Run(name, func(t *testing.T) {
			b := evil(t).importing(nil)
			b.conn.Timeouts.Keepalive = 20 * time.Millisecond
			putBytes(t, b.remote("out", "a.csv"), content)
			b.lie(tc.knobs)
			ended(t, bounded(t, func() job.Result { return b.do() }), tc.state, tc.slug)
			landed := onlyWhole(t, b.landing, content)
			if (landed == 1) != (tc.file == job.FileLanded) {
				t.Errorf("%d files landed", landed)
			}
			var state job.State
			if rows := b.rows(); len(rows) > 0 {
				state = rows[0].State
			}
			if state != tc.file {
				t.Errorf("the row says %q, want %q", state, tc.file)
			}
			b.lie(sftptest.Knobs{})
			b.do()
			now := files(t, b.remote("out"))["a.csv"]
			if n := onlyWhole(t, b.landing, content, now); (n == 1) != (!tc.final || landed == 1) {
				t.Errorf("afterwards %d files have landed: %+v", n, b.last())
			}
		})
	}
}

// While a listing repeats one name for ever, the file of that name lands once.
func TestImportTakesANameThatIsRepeatedForEverOnce(t *testing.T) {
	b := evil(t).importing(func(im *job.Import) { im.AllowEmpty = true })
	putBytes(t, b.remote("out", "a.csv"), nil)
	b.lie(sftptest.Knobs{EndlessListing: true, EndlessName: "a.csv"})
	for range 2 {
		ended(t, bounded(t, func() job.Result { return b.do() }), job.RunPartial, "remote.too_many_entries")
	}
	onlyWhole(t, b.landing, nil)
}

// A size that is another one at every look is never believed.
func TestImportOfAFileWhoseSizeChangesAtEveryLook(t *testing.T) {
	b := evil(t).importing(func(im *job.Import) { im.StableFor = 20 * time.Millisecond })
	content := noise(5000)
	putBytes(t, b.remote("out", "a.csv"), content)
	told := int64(0)
	b.lie(sftptest.Knobs{Size: func(_ string, real int64) int64 { told++; return real + told }})
	ended(t, bounded(t, func() job.Result { return b.do() }), job.RunSucceeded, "")
	if n := onlyWhole(t, b.landing); n != 0 {
		t.Errorf("%d files landed", n)
	}
	b.lie(sftptest.Knobs{})
	b.want(1, 0, 0, 0)
	onlyWhole(t, b.landing, content)
}

// A terabyte that is only told is never reserved, let alone fetched.
func TestImportOfATerabyteThatIsNotThere(t *testing.T) {
	b := evil(t).importing(nil)
	b.spec.Limits.MaxFileSize = 1 << 62
	putBytes(t, b.remote("out", "a.csv"), noise(100))
	b.lie(size(1 << 60))
	ended(t, bounded(t, func() job.Result { return b.do() }), job.RunFailed, "local.no_space")
	b.lie(sftptest.Knobs{})
	b.do()
	if n := onlyWhole(t, b.landing, noise(100)); n != 1 {
		t.Error("it did not land afterwards")
	}
}

func TestImportFromAServerThatDrips(t *testing.T) {
	b := evil(t).importing(nil)
	b.conn.Timeouts.Floor, b.conn.Timeouts.FloorOver, b.conn.Timeouts.Stall = 1<<20, time.Second, 10*time.Second
	b.conn.Timeouts.Operation = time.Minute
	putBytes(t, b.remote("out", "a.csv"), noise(200_000))
	b.server.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{{Op: "read", Do: sftptest.Slow}}
		k.ReadAtMost, k.Delay = 10, 10*time.Millisecond
	})
	ended(t, bounded(t, func() job.Result { return b.do() }), job.RunFailed, "net.too_slow")
	b.lie(sftptest.Knobs{Drip: time.Millisecond, ReadAtMost: 200})
	ended(t, bounded(t, func() job.Result { return b.do() }), job.RunFailed, "net.too_slow")
	if n := onlyWhole(t, b.landing); n != 0 {
		t.Errorf("%d files landed", n)
	}
}

// Whatever a server says about a failure, people read it without its tricks, and without our password.
func TestImportRepeatsNothingHarmfulOfAServer(t *testing.T) {
	text := "user platform with password " + canary + " \x1b]0;owned\a\x1b[2J\r\n\u202efdp.exe\x00" + string([]byte{0xff, 0xfe})
	for _, op := range []string{"opendir", "readdir", "open", "read", "close", "lstat"} {
		b := evilWithPassword(t).importing(nil)
		putBytes(t, b.remote("out", "a.csv"), noise(100))
		b.lie(sftptest.Knobs{Faults: []sftptest.Fault{{Op: op, Do: sftptest.Fail, Code: packet.Failure, Text: text}}})
		result := b.do()
		if op == "close" { // what was read is whole, whatever becomes of that
			ended(t, result, job.RunSucceeded, "")
		} else {
			ended(t, result, job.RunFailed, "remote.failure")
		}
		for _, f := range b.rows() {
			if f.Reason != nil {
				speaks(t, f.Reason)
			}
		}
	}
}

// The connection ends before, in and behind every request in turn, until the whole run fits in between: nothing is lost,
// and nothing lands twice.
func TestImportThatIsCutAtEveryRequest(t *testing.T) {
	for name, do := range map[string]sftptest.Action{
		"before": sftptest.Drop, "unanswered": sftptest.DropDone, "answered": sftptest.DropAnswered, "channel": sftptest.EndSessionDone,
	} {
		t.Run(name, func(t *testing.T) {
			cutEverywhere(t, func(k *sftptest.Knobs, n int) {
				k.Faults = []sftptest.Fault{{After: n, Times: 1, Do: do}}
			}, importOnce)
		})
	}
}

// The same behind every packet of SSH, the login included.
func TestImportThatIsCutAtEveryPacket(t *testing.T) {
	t.Run("sent", func(t *testing.T) {
		cutEverywhere(t, func(k *sftptest.Knobs, n int) { k.CutAfterSent = n + 1 }, importOnce)
	})
	t.Run("received", func(t *testing.T) {
		cutEverywhere(t, func(k *sftptest.Knobs, n int) { k.CutAfterReceived = n + 1 }, importOnce)
	})
}

// cutEverywhere makes a case for n = 0, 1, 2… until the fault no longer hurts.
func cutEverywhere(t *testing.T, set func(*sftptest.Knobs, int), each func(*testing.T, func(*sftptest.Knobs)) bool) {
	t.Parallel()
	const most = 300
	step := 1
	if testing.Short() {
		step = 7
	}
	for n := 0; n < most; n += step {
		if whole := each(t, func(k *sftptest.Knobs) { set(k, n) }); whole {
			if n < 10 {
				t.Errorf("only %d cuts hurt", n)
			}
			return
		}
		if t.Failed() {
			t.Fatalf("at cut %d", n)
		}
	}
	t.Errorf("%d cuts were not enough to come through", most)
}

// importOnce imports one file, which is deleted afterwards, from a server that is cut, and then from one that is not. It
// says whether the first run came through.
func importOnce(t *testing.T, set func(*sftptest.Knobs)) bool {
	b := evil(t).importing(func(im *job.Import) { im.AfterSuccess.Action = job.RetireDelete })
	content := noise(70_000)
	putBytes(t, b.remote("out", "a.csv"), content)
	b.server.Change(set)
	first := b.try()
	if first.Reason != nil {
		speaks(t, first.Reason)
	}
	b.lie(sftptest.Knobs{})
	b.resume(first.Reason)
	for range 2 { // the second shows that the first left nothing undone
		b.do()
	}
	if n := onlyWhole(t, b.landing, content); n != 1 {
		t.Errorf("%d files landed, reason %v, row %+v", n, first.Reason, b.rows())
	}
	if left := files(t, b.remote("out")); len(left) != 0 {
		t.Errorf("the source is still there, %d files", len(left))
	}
	return first.State == job.RunSucceeded
}

// What really lies there and is no file is not even looked into.
func TestImportLeavesWhatIsNoFile(t *testing.T) {
	b := evil(t).importing(nil)
	putBytes(t, b.remote("elsewhere"), noise(100))
	for name, err := range map[string]error{
		"link":   os.Symlink(b.remote("elsewhere"), b.remote("out", "link.csv")),
		"dangle": os.Symlink("/etc/passwd", b.remote("out", "dangle.csv")),
		"pipe":   syscall.Mkfifo(b.remote("out", "pipe.csv"), 0o644),
		"folder": os.Mkdir(b.remote("out", "folder.csv"), 0o755),
	} {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	putBytes(t, b.remote("out", "file.csv"), noise(200))
	ended(t, bounded(t, func() job.Result { return b.do() }), job.RunSucceeded, "")
	if n := onlyWhole(t, b.landing, noise(200)); n != 1 {
		t.Errorf("%d files landed", n)
	}
	for _, o := range b.server.Log() {
		if o.Op == "open" && o.Path != "/out/file.csv" {
			t.Errorf("%s was opened", o.Path)
		}
	}
}
