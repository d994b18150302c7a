package interop

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

var importing = []behaviour{
	{name: "import.keep", says: "an import lands a file and leaves its source as it is", do: importKeep},
	{name: "import.once", says: "a second run takes nothing again", do: importOnce},
	{name: "import.new-version", says: "a file that was written anew, with another time, is taken again", do: importVersion},
	{name: "import.move", says: "the source is moved to another folder after the landing", do: importMove},
	{name: "import.delete", says: "the source is removed after the landing", do: importDelete},
	{name: "import.claim", says: "the source is moved aside before it is fetched", do: importClaim},
	{name: "import.done-file", says: "a file is taken when its marker lies beside it", do: importDoneFile},
	{name: "import.sizes", says: "0, 1, 32 KiB - 1, 32 KiB, 32 KiB + 1 and 1 MiB + 1 bytes land whole, by hash", do: importSizes},
	{name: "import.big", says: "64 MiB land whole, by hash", do: importBig},
	{name: "import.200", says: "200 small files land in one run", do: importMany},
	{name: "import.delete-denied", says: "a source that may not be removed stays, and its file lands once", want: "refused: remote.permission", do: importDeleteDenied},
}

var exporting = []behaviour{
	{name: "export.rename", says: "an upload goes under a temporary name and is renamed; nothing else stays there", do: exportRename},
	{name: "export.proof", says: "a delivery is proven as well as can be: renamed, and looked at under its final name", do: exportProof},
	{name: "export.direct", says: "an upload is written under its final name (`in_place`)", do: exportDirect},
	{name: "export.once", says: "a second run sends nothing again", do: exportOnce},
	{name: "export.replace", says: "an upload takes the place of an older file (`if_exists: replace`)", do: exportReplace},
	{name: "export.taken", says: "an upload whose name is taken is not published, and the older file stays", want: "refused: remote.name_taken", do: exportTaken},
	{name: "export.done-file", says: "a marker follows the delivery", do: exportDoneFile},
	{name: "export.sizes", says: "0, 1, 32 KiB - 1, 32 KiB, 32 KiB + 1 and 1 MiB + 1 bytes arrive whole, by hash", do: exportSizes},
	{name: "export.big", says: "64 MiB arrive whole, by hash", do: exportBig},
	{name: "export.200", says: "200 small files arrive in one run", do: exportMany},
	{name: "export.missing", says: "an upload into a folder that is not there says so", want: "refused: remote.path_missing", do: exportMissing},
	{name: "export.denied", says: "an upload into a folder that may not be written to says so", want: "refused: remote.permission", do: exportDenied},
	{name: "export.full", says: "an upload to a full disk says so, and nothing lies under its name", want: "refused: remote.no_space", do: exportFull},
}

var one = map[string]string{"a.csv": "a;1"}

func importKeep(v *visit) {
	v.importOf(one)
	v.run("in")
	v.same("landed", v.landed(), one)
	v.same("on the server", v.there(""), one)
}

func importOnce(v *visit) {
	importKeep(v)
	v.must(os.Remove(v.here("landing/a.csv")))
	v.run("in")
	v.same("landed again", v.landed(), map[string]string{})
}

func importVersion(v *visit) {
	importKeep(v)
	v.seed(map[string]string{"a.csv": "b;2"})
	v.must(v.files.touch(v.what+"/a.csv", time.Now().Add(time.Hour)))
	v.run("in")
	v.same("landed", v.landed(), map[string]string{"a.csv": "a;1", "a.2.csv": "b;2"})
}

func importMove(v *visit) {
	v.seed(map[string]string{"done/": ""})
	v.importOf(one, "after_success: {move: done}")
	v.run("in")
	v.same("landed", v.landed(), one)
	v.same("left", v.there(""), map[string]string{})
	v.same("moved", v.there("done"), one)
}

func importDelete(v *visit) {
	v.importOf(one, "after_success: delete")
	v.run("in")
	v.same("landed", v.landed(), one)
	v.same("left", v.there(""), map[string]string{})
}

func importClaim(v *visit) {
	v.seed(map[string]string{"done/": ""})
	v.importOf(one, "claim: rename", "after_success: {move: done}")
	v.run("in")
	v.same("landed", v.landed(), one)
	v.same("left", v.there(""), map[string]string{})
	v.same("moved", v.there("done"), one)
}

func importDoneFile(v *visit) {
	files := map[string]string{"a.csv": "a;1", "a.csv.done": "", "b.csv": "b;2"}
	v.seed(files)
	v.configure(nil, strings.Replace(v.jobIn(), `match: "*", stable_for: 0s`, `match: "*.csv", done_file: "{name}.done"`, 1))
	v.run("in")
	v.same("landed", v.landed(), one)
}

// sizes are those at which packets and buffers end.
func sizes() map[string]string {
	files := map[string]string{}
	for _, n := range []int{0, 1, 32<<10 - 1, 32 << 10, 32<<10 + 1, 1<<20 + 1} {
		files[fmt.Sprintf("%d.bin", n)] = noise(n)
	}
	return files
}

var (
	bigFile      = sync.OnceValue(func() map[string]string { return map[string]string{"big.bin": noise(64 << 20)} })
	notSoBigFile = sync.OnceValue(func() map[string]string { return map[string]string{"big.bin": noise(8 << 20)} })
)

func (v *visit) big() map[string]string {
	if v.small {
		return notSoBigFile()
	}
	return bigFile()
}

func small() map[string]string {
	files := map[string]string{}
	for i := range 200 {
		files[fmt.Sprintf("small-%03d.csv", i)] = noise(100 + 37*i)
	}
	return files
}

func importAll(v *visit, files map[string]string) {
	v.importOf(files)
	v.run("in")
	v.same("landed", v.landed(), digests(files))
}

func importSizes(v *visit) { importAll(v, sizes()) }
func importBig(v *visit)   { importAll(v, v.big()) }
func importMany(v *visit)  { importAll(v, small()) }

func importDeleteDenied(v *visit) {
	v.needs(v.freeze != nil, "rights cannot be taken away there")
	v.seed(one)
	v.imports("after_success: delete")
	v.freeze(v.what)
	r := v.try("in")
	if r.Error == nil {
		end(fails, "a source that stays is no failure")
	}
	v.same("on the server", v.there(""), one)
	if r.Error.Slug == "remote.source_stays" || r.Error.Slug == "remote.permission" {
		if _, ok := v.landed()["a.csv"]; ok {
			v.must(os.Remove(v.here("landing/a.csv")))
		}
		v.try("in")
		v.same("landed again", v.landed(), map[string]string{})
	}
	end(refused, "%s", r.Error.Slug)
}

func exportRename(v *visit) {
	v.exportOf(one, nil)
	v.run("out")
	v.same("on the server", v.there(""), one)
}

func exportProof(v *visit) {
	v.exportOf(one, v.settings)
	r := v.run("out")
	v.same("on the server", v.there(""), one)
	if proof := v.proof(r.Run); proof != "verified" {
		end(differs, "proof: %s", proof)
	}
}

func exportDirect(v *visit) {
	v.exportOf(one, append([]string{"outbound: {in_place: true}"}, v.settings...))
	r := v.run("out")
	v.same("on the server", v.there(""), one)
	if proof := v.proof(r.Run); proof != "size-checked" {
		end(differs, "proof: %s", proof)
	}
}

func exportOnce(v *visit) {
	v.exportOf(one, v.settings)
	v.run("out")
	v.must(v.files.remove(v.what + "/a.csv"))
	v.run("out")
	v.same("on the server", v.there(""), map[string]string{})
}

func exportReplace(v *visit) {
	v.seed(map[string]string{"a.csv": "older"})
	v.outbox(one)
	v.exports(v.settings, "if_exists: replace")
	v.run("out")
	v.same("on the server", v.there(""), one)
}

func exportTaken(v *visit) {
	older := map[string]string{"a.csv": "older"}
	v.seed(older)
	v.outbox(one)
	v.exports(v.settings)
	r := v.try("out")
	if r.Error == nil {
		v.same("on the server", v.there(""), one)
		end(differs, "the older file is overwritten: what is written in place replaces, unless `to.if_exists` says otherwise")
	}
	v.same("on the server", v.there(""), older)
	end(refused, "%s", r.Error.Slug)
}

func exportDoneFile(v *visit) {
	v.exportOf(one, v.settings, "done_file: \"{name}.done\"")
	v.run("out")
	v.same("on the server", v.there(""), map[string]string{"a.csv": "a;1", "a.csv.done": ""})
}

func exportAll(v *visit, files map[string]string) {
	v.exportOf(files, v.settings)
	v.run("out")
	v.same("on the server", v.there(""), digests(files))
}

func exportSizes(v *visit) { exportAll(v, sizes()) }
func exportBig(v *visit)   { exportAll(v, v.big()) }
func exportMany(v *visit)  { exportAll(v, small()) }

// exportTo delivers into another location than the visit's folder.
func (v *visit) exportTo(location string, files map[string]string) {
	v.outbox(files)
	v.configure(v.settings, v.jobOut(location))
}

func exportMissing(v *visit) {
	v.exportTo("missing", one)
	v.run("out")
}

func exportDenied(v *visit) {
	v.needs(v.freeze != nil, "rights cannot be taken away there")
	v.seed(map[string]string{"done/": ""})
	v.freeze(v.what + "/done")
	v.exportTo("done", one)
	v.run("out")
}

func exportFull(v *visit) {
	if v.full == "" {
		end(cannot, "no disk there can be filled")
	}
	v.exportTo("full", map[string]string{"a.bin": noise(2 << 20)})
	r := v.try("out")
	if r.Error == nil {
		end(fails, "2 MiB went to a disk of 1 MiB")
	}
	names, err := v.files.names(v.full)
	v.must(err)
	if slices.Contains(names, "a.bin") {
		end(differs, "a part lies under the final name, as it is written in place")
	}
	end(refused, "%s", r.Error.Slug)
}
