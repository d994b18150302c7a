package interop

import (
	"maps"
	"slices"
	"strings"
)

var broken = []behaviour{
	{name: "broken.import", says: "the server's sessions are killed in the middle of a download: nothing lands, the source stays, and the next run lands it whole", do: brokenImport},
	{name: "broken.export", says: "the same in the middle of an upload: nothing lies under the final name, and the next run delivers it whole", do: brokenExport},
	{name: "silent.import", says: "the server stands still in the middle of a download: it is given up in time, and the next run lands the file", do: silentImport},
	{name: "silent.export", says: "the same in the middle of an upload", do: silentExport},
	{name: "restart", says: "a server that is gone is told as such, and the first run after it came back works", do: restart},
}

// middle is how much of 8 MiB passes before something happens.
const middle = 1 << 20

var large = map[string]string{"large.bin": noise(8 << 20)}

// impatient lets a run give up soon.
var impatient = []string{"timeouts: {stall: 1s, operation: 1s, keepalive: 1s}"}

// through goes through a relay that acts in the middle of the transfer, once.
func (v *visit) through(upwards bool, act func()) *relay {
	r := newRelay(v.t, v.place, middle, upwards, act)
	via := *v.place
	via.host, via.port = "127.0.0.1", r.port()
	v.place = &via
	return r
}

// breaks begins a transfer in the middle of which act happens, and tells whether the program did well: it names one of
// the reasons, nothing half lies anywhere, and once mend was called, the next run brings the file whole.
func (v *visit) breaks(which string, act, mend func(), slugs ...string) {
	between := v.through(which == "out", act)
	if which == "in" {
		v.seed(large)
		v.configure(impatient, v.jobIn())
	} else {
		v.outbox(large)
		v.configure(append(slices.Clone(impatient), v.settings...), v.jobOut("here"))
	}
	r := v.try(which)
	between.acted()
	mend()
	v.needsReason(r, slugs)
	half := v.half(which)
	v.run(which)
	if which == "in" {
		v.same("landed", v.landed(), digests(large))
	}
	v.same("on the server", v.settled(), digests(large))
	if half {
		end(differs, "a part lies under the final name until the next run, as it is written in place")
	}
}

// settled is what lies on the server, without the temporary that a dead session may make anew after the next run removed it.
func (v *visit) settled() map[string]string {
	there := v.there("")
	if v.late {
		maps.DeleteFunc(there, func(name, _ string) bool {
			return strings.HasPrefix(name, "large.bin.") && strings.HasSuffix(name, ".part")
		})
	}
	return there
}

// needsReason ends the visit as refused where the transfer did not even begin.
func (v *visit) needsReason(r result, slugs []string) {
	if r.Error == nil {
		end(fails, "a broken transfer is no failure")
	}
	if slices.Contains(slugs, r.Error.Slug) {
		return
	}
	if strings.HasPrefix(r.Error.Slug, "net.") {
		end(fails, "told as %s: %s", r.Error.Slug, r.Error.Cause)
	}
	end(refused, "%s", r.Error.Slug)
}

// half says whether a part of an upload lies under its final name. Of a download there must be nothing.
func (v *visit) half(which string) bool {
	there := v.there("")
	if which == "out" {
		_, found := there["large.bin"]
		return found
	}
	v.same("landed", v.landed(), map[string]string{})
	v.same("on the server", there, digests(large))
	return false
}

func brokenImport(v *visit) {
	v.needs(v.cut != nil, "the server cannot be broken from here")
	v.breaks("in", v.cut, v.mend, "net.lost", "net.closed_early")
}

func brokenExport(v *visit) {
	v.needs(v.cut != nil, "the server cannot be broken from here")
	v.breaks("out", v.cut, v.mend, "net.lost", "net.closed_early")
}

func silentImport(v *visit) {
	v.needs(v.pause != nil, "the server cannot be stopped from here")
	v.breaks("in", v.pause, v.resume, "net.stalled")
}

func silentExport(v *visit) {
	v.needs(v.pause != nil, "the server cannot be stopped from here")
	v.breaks("out", v.pause, v.resume, "net.stalled")
}

func restart(v *visit) {
	v.needs(v.stop != nil, "the server cannot be ended from here")
	v.importOf(one)
	v.stop()
	gone := v.try("in")
	v.restart(v.t)
	if gone.Error == nil || gone.Error.Slug != "net.refused" {
		end(fails, "a server that is gone: %+v", gone.Error)
	}
	v.run("in")
	v.same("landed", v.landed(), one)
}
