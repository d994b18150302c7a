package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/haulier/haulier/transfer/sftptest"
)

// Kinds that most troubles are tried on.
var (
	importMove  = kindOf("import-move")
	exportMove  = kindOf("export-move")
	eachWay     = []kind{importMove, exportMove}
	slowNetwork = map[Tier]int{Short: 1, Night: 4, Release: 20}
)

// many files take enough packets each way for a trouble at any of the first places to come, though many move at once.
var many = slices.Repeat([]int{8 << 10}, 40)

func kindOf(name string) kind {
	for _, k := range kinds {
		if k.name == name {
			return k
		}
	}
	panic("no kind " + name)
}

// far is a kind whose server lies behind a proxy that can spoil the connection, with the times to wait that haulier has by
// itself.
func far(k kind) kind {
	k.proxied, k.patient = true, true
	return k
}

// connections is group C.
func connections() []Case {
	big, small := []int{8 << 20}, slices.Repeat([]int{4 << 10}, 8)
	return []Case{
		troubles("C40", "the connection is cut at the n-th packet", "I1 I2 I3 I5", map[Tier]int{Short: 4, Night: 130, Release: 260}, cutEverywhere(), eachWay...),
		troubles("C41", "the connection ends behind the n-th 64 KiB", "I1 I2 I3 I5", map[Tier]int{Short: 2, Night: 129, Release: 258}, endsEverywhere(), far(importMove), far(exportMove)),
		troubles("C42.1", "silence at each stage of an import: given up within 75 s", "I6", map[Tier]int{Night: 9, Release: 18}, silences("readdir", "open", "read", "close", "lstat", "posix-rename", "rename"), far(importMove)),
		troubles("C42.2", "silence at each stage of an export: given up within 75 s", "I6", map[Tier]int{Night: 7, Release: 14}, silences("lstat", "open", "write", "close", "rename"), far(exportMove)),
		troubles("C42.3", "silence at the delete of a source: given up within 75 s", "I6", map[Tier]int{Night: 1, Release: 2}, silences("remove")[2:], far(kindOf("import-delete"))),
		troubles("C44", "a byte now and then", "I6", map[Tier]int{Night: 1, Release: 2}, []trouble{{
			name: "drip", knobs: func(k *sftptest.Knobs) { k.Drip = 2 * time.Second }, sizes: big, codes: []int{10}, most: 80 * time.Second,
		}}, far(importMove), far(exportMove)),
		troubles("C45", "600 ms away and 64 KiB/s: slow, and no failure", "I6", map[Tier]int{Night: 1, Release: 3}, []trouble{{
			name: "slow", sizes: []int{1 << 20}, codes: []int{0}, least: 15 * time.Second, begin: spoiled(`{"type":"latency","attributes":{"latency":300}}`, `{"type":"bandwidth","attributes":{"rate":64}}`),
		}}, far(importMove), far(exportMove)),
		troubles("C46", "segments of a few bytes", "I3", slowNetwork, []trouble{{
			name: "slices", sizes: []int{256 << 10}, codes: []int{0}, begin: spoiled(`{"type":"slicer","attributes":{"average_size":4,"size_variation":3,"delay":0}}`),
		}}, far(importMove), far(exportMove)),
		troubles("C47", "nothing for 50 s, and then again", "I3", map[Tier]int{Night: 1, Release: 3}, []trouble{{
			name: "pause", sizes: []int{64 << 20}, codes: []int{0}, least: 45 * time.Second, begin: pausedFor(50 * time.Second),
		}}, far(importMove), far(exportMove)),
		{ID: "C48", Title: "the server restarts in the middle of a run", Holds: "I1 I2 I3", Times: map[Tier]int{Short: 1, Night: 5, Release: 20}, Run: restarts},
		troubles("C49", "new keys every 256 KiB", "I3", map[Tier]int{Short: 1, Night: 2, Release: 4}, []trouble{{name: "rekey", sizes: []int{64 << 20}, codes: []int{0}, comes: true}},
			rekeying(importMove), rekeying(exportMove)),
		troubles("C50", "a server that reads nothing more", "I6", map[Tier]int{Night: 1, Release: 2}, []trouble{{
			name: "stall", sizes: big, codes: []int{10}, most: 80 * time.Second,
			knobs: faults(sftptest.Fault{Op: "write", After: 3, Do: sftptest.Stall}, sftptest.Fault{Op: "read", After: 3, Do: sftptest.Stall}),
		}}, far(importMove), far(exportMove)),
		troubles("C54", "keepalives refused, unanswered, and answered late", "I6", map[Tier]int{Short: 1, Night: 4, Release: 8}, []trouble{
			{name: "unanswered", knobs: slowAnd(func(k *sftptest.Knobs) { k.IgnoreKeepalives = true }), sizes: small, codes: []int{0}},
			{name: "late", knobs: slowAnd(func(k *sftptest.Knobs) { k.KeepaliveDelay = 5 * time.Second }), sizes: small, codes: []int{0}}, // refused, as OpenSSH does
		}, lively(importMove), lively(exportMove)),
		troubles("B38", "a RENAME that copies, takes 5 s, and is cut off", "I5", map[Tier]int{Short: 1, Night: 6, Release: 20}, []trouble{
			{name: "cut after", knobs: copying(sftptest.DropDone)}, {name: "unanswered", knobs: copying(sftptest.Swallow)}, {name: "session ends", knobs: copying(sftptest.EndSessionDone)},
		}, exportMove),
		troubles("D72.1", "a bit turns on its way, of an import", "I3", map[Tier]int{Short: 3, Night: 60, Release: 240}, flips("downstream", "upstream"), near(importMove)),
		troubles("D72.2", "a bit turns on its way, of an export", "I3", map[Tier]int{Short: 3, Night: 60, Release: 240}, flips("upstream", "downstream"), near(exportMove)),
		{ID: "C56", Title: "runs of one daemon: memory, descriptors and goroutines stay", Holds: "I6 I7", Needs: []string{"root"}, Times: map[Tier]int{Short: 40, Night: 1000, Release: 4000}, Run: manyRuns},
	}
}

// oneByOne is a server whose answers come one by one, however many are asked for at once.
func oneByOne(also func(*sftptest.Knobs)) func(*sftptest.Knobs) {
	return func(k *sftptest.Knobs) {
		k.Delay = time.Millisecond
		also(k)
	}
}

// slowAnd is a server that takes its time, so that there is silence in which keepalives are sent.
func slowAnd(also func(*sftptest.Knobs)) func(*sftptest.Knobs) {
	return func(k *sftptest.Knobs) {
		k.Delay = 100 * time.Millisecond
		also(k)
	}
}

// lively is a kind whose haulier asks for a sign of life at once when the line is quiet, and gives a dead one up soon.
func lively(k kind) kind {
	k.timeouts = "stall: 3s, keepalive: 50ms"
	return k
}

// copying is a server whose RENAME copies, and does this besides, once.
func copying(do sftptest.Action) func(*sftptest.Knobs) {
	return func(k *sftptest.Knobs) {
		k.RenameCopies = 5 * time.Second
		k.Faults = []sftptest.Fault{{Op: "rename", After: 1, Times: 1, Do: do}}
	}
}

// near is a kind whose server lies behind a proxy, with the times to wait of tests.
func near(k kind) kind {
	k.proxied = true
	return k
}

// flips turn one bit, in another place each: of the way on which the files go, and of the other one, which has few bytes.
func flips(files, other string) []trouble {
	var all []trouble
	flip := func(way string, at int) {
		all = append(all, trouble{name: fmt.Sprintf("%s, byte %d", way, at), comes: true, sizes: many,
			begin: spoiled(fmt.Sprintf(`{"name":"flip","type":"flip","stream":"%s","attributes":{"at":%d}}`, way, at))})
	}
	for n := range 30 {
		flip(files, 2000+n*9000)
		flip(other, 2000+n*300)
	}
	return all
}

func faults(all ...sftptest.Fault) func(*sftptest.Knobs) {
	return func(k *sftptest.Knobs) { k.Faults = append(k.Faults, all...) }
}

// cutEverywhere cuts the connection behind each of the first packets, from and to the client.
func cutEverywhere() []trouble {
	var all []trouble
	for n := 1; n <= 65; n++ {
		all = append(all,
			trouble{name: fmt.Sprintf("cut behind packet %d to us", n), knobs: oneByOne(func(k *sftptest.Knobs) { k.CutAfterSent = n }), sizes: many[:20]},
			trouble{name: fmt.Sprintf("cut behind piece %d from us", n), knobs: oneByOne(func(k *sftptest.Knobs) { k.CutAfterReceived = n }), sizes: many[:20]})
	}
	return all
}

// endsEverywhere closes the connection in good order behind each 64 KiB of a file of 8 MiB.
func endsEverywhere() []trouble {
	var all []trouble
	for n := range 129 {
		bytes := n * 64 << 10
		limit := fmt.Sprintf(`"type":"limit_data","attributes":{"bytes":%d}`, bytes)
		all = append(all, trouble{
			name: fmt.Sprintf("end behind %d bytes", bytes), sizes: []int{8 << 20}, fails: true,
			begin: spoiled(`{"name":"down","stream":"downstream",`+limit+`}`, `{"name":"up","stream":"upstream",`+limit+`}`),
		})
	}
	return all
}

// silences are servers that say nothing more from some moment on.
func silences(ops ...string) []trouble {
	const most = 75 * time.Second
	all := []trouble{
		{name: "nothing at all", most: most, codes: []int{10}, begin: spoiled(`{"type":"timeout","attributes":{"timeout":0}}`)},
		{name: "no word", most: most, codes: []int{10}, knobs: func(k *sftptest.Knobs) { k.Mute = true }},
	}
	for _, op := range ops {
		all = append(all, trouble{name: "silence at " + op, most: most, knobs: faults(sftptest.Fault{Op: op, Do: sftptest.Stall})})
	}
	return all
}

// spoiled puts the proxy's toxics on both ways, unless a toxic names one.
func spoiled(toxics ...string) func(*world) (func(), error) {
	return func(w *world) (func(), error) {
		return func() { w.proxy.Toxics.ResetToxics(context.Background()) }, w.poison(toxics...)
	}
}

func (w *world) poison(toxics ...string) error {
	for i, toxic := range toxics {
		if strings.Contains(toxic, `"stream"`) {
			if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
				return err
			}
			continue
		}
		for _, way := range []string{"upstream", "downstream"} {
			named := fmt.Sprintf(`{"name":"%s-%d","stream":"%s",%s`, way, i, way, strings.TrimPrefix(toxic, "{"))
			if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(named)); err != nil {
				return err
			}
		}
	}
	return nil
}

// pausedFor lets nothing through for a while, from the first bytes of a file on.
func pausedFor(d time.Duration) func(*world) (func(), error) {
	return func(w *world) (func(), error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		paused := make(chan struct{})
		go func() {
			defer close(paused)
			_, err := w.server.Await(ctx, func(o sftptest.Operation) bool { return o.Op == "read" || o.Op == "write" })
			if err != nil || w.poison(`{"type":"bandwidth","attributes":{"rate":0}}`) != nil {
				return // the run is too fast then, and the case fails
			}
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
			w.proxy.Toxics.ResetToxics(ctx)
		}()
		return func() {
			<-paused
			cancel()
		}, nil
	}
}

// openProxy puts a proxy before the server and gives its port.
func (w *world) openProxy() (int, error) {
	registerFlip()
	zerolog.SetGlobalLevel(zerolog.Disabled) // its toxics speak of their own accord
	silent := zerolog.New(io.Discard)
	w.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), silent), "server", "127.0.0.1:0", w.server.Addr())
	if err := w.proxy.Start(); err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(w.proxy.Listen)
	if err != nil {
		return 0, err
	}
	return net.LookupPort("tcp", port)
}

// restarts cuts everybody off while a run is at work, and lets nobody in for a moment.
func restarts(ctx context.Context, p *pass) error {
	for _, k := range eachWay {
		if err := p.inWorlds(ctx, k, 5*p.times, func(w *world) error { return p.restartIn(ctx, w) }); err != nil {
			return err
		}
	}
	return nil
}

// restartIn restarts the server at one of the first requests of a run.
func (p *pass) restartIn(ctx context.Context, w *world) error {
	t := trouble{name: "restart", fails: true, knobs: faults(sftptest.Fault{After: p.rng.IntN(60), Times: 1, Do: sftptest.Slow})}
	end, err := t.start(w)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	again, down := make(chan error, 1), time.Duration(p.rng.IntN(100))*time.Millisecond
	go func() {
		_, err := w.server.Await(ctx, func(o sftptest.Operation) bool { return o.Fault })
		w.server.Close()
		w.server.DropAll()
		time.Sleep(down)
		again <- errors.Join(err, w.server.Open())
	}()
	r, err := w.haulier(ctx, "run", "move")
	if err := errors.Join(err, <-again); err != nil {
		return err
	}
	return t.judge(r)
}

func rekeying(k kind) kind {
	k.rekey = 256 << 10
	return k
}
