package naming

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// StageDir is the folder of unfinished files inside a landing.
const StageDir = ".haulier"

// own is how every name begins that this program gives to a file on a customer's server for a while.
const own = ".haulier-"

// Aside is the name under which a source waits on the server between the customer's name and its end. It names its
// row and attempt, so that no two attempts ever share one.
func Aside(id, fence int64, name string) string {
	head := asideHead(id, fence)
	return head + shorten(name, maxName-len(head))
}

func asideHead(id, fence int64) string { return fmt.Sprintf("%s%d.%d.", own, id, fence) }

// shorten gives a name in at most so many bytes. One that is longer loses its end and gets a mark of the whole, because
// long names are often alike but for their end.
func shorten(name string, most int) string {
	if len(name) <= most {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	mark := fmt.Sprintf("-%x", sum[:4])
	return cut(name, most-len(mark)) + mark
}

// cut gives as much of the beginning of a name as most bytes hold, in whole characters.
func cut(name string, most int) string {
	if len(name) <= most {
		return name
	}
	most = max(most, 0)
	for most > 0 && !utf8.RuneStart(name[most]) {
		most--
	}
	return name[:most]
}

// ParseAside tells whether a name is one of Aside's, and which row and attempt made it. Other spellings of the numbers are
// a customer's own.
func ParseAside(name string) (id, fence int64, ok bool) {
	rest, found := strings.CutPrefix(name, own)
	if !found {
		return 0, 0, false
	}
	parts := strings.SplitN(rest, ".", 3)
	if len(parts) != 3 {
		return 0, 0, false
	}
	id, errID := strconv.ParseInt(parts[0], 10, 64)
	fence, errFence := strconv.ParseInt(parts[1], 10, 64)
	ours := errID == nil && errFence == nil && id > 0 && fence > 0
	return id, fence, ours && strings.HasPrefix(name, asideHead(id, fence))
}

// Temp is the path under which an export to the path final is uploaded: <final>.<id>-<fence><suffix>.
func Temp(final string, id, fence int64, suffix string) string {
	dir, name := path.Split(final)
	tail := tempTail(id, fence, suffix)
	return dir + shorten(name, maxName-len(tail)) + tail
}

func tempTail(id, fence int64, suffix string) string {
	return fmt.Sprintf(".%d-%d%s", id, fence, suffix)
}

// ParseTemp gives the row and attempt of a temporary name with suffix. Whether the row made it, Temp says.
func ParseTemp(name, suffix string) (id, fence int64, ok bool) {
	rest, found := strings.CutSuffix(name, suffix)
	dot := strings.LastIndexByte(rest, '.')
	if !found || dot < 1 {
		return 0, 0, false
	}
	left, right, found := strings.Cut(rest[dot+1:], "-")
	if !found {
		return 0, 0, false
	}
	id, errID := strconv.ParseInt(left, 10, 64)
	fence, errFence := strconv.ParseInt(right, 10, 64)
	ours := errID == nil && errFence == nil && id > 0 && fence > 0
	return id, fence, ours && strings.HasSuffix(name, tempTail(id, fence, suffix))
}

// Version is the n-th name for a landed file whose name is taken: <stem>.<n>.<ext>; the first is the name itself.
func Version(name string, n int) string {
	if n < 2 {
		return name
	}
	return insert(name, strconv.Itoa(n))
}

// Stamped is the name for a moved source whose own name is taken: <stem>.<UTC time>.<ext>.
func Stamped(name string, at time.Time) string {
	return insert(name, at.UTC().Format("20060102T150405.000000Z"))
}

// Archived is the name of a copy as received: <stem>.<id>.<ext>.
func Archived(name string, id int64) string { return insert(name, strconv.FormatInt(id, 10)) }

// insert puts a part before the extension. Where that is too long the stem gives way, and where hardly anything else is
// there, the extension too.
func insert(name, part string) string {
	stem, ext := Split(name)
	tail := "." + part
	if ext != "" {
		tail += "." + ext
	}
	if short := cut(stem, maxName-len(tail)); short != "" {
		return short + tail
	}
	return cut(name, maxName-len(part)-1) + "." + part
}

// Split gives the name without its last extension, and that extension without the dot. A leading dot begins no
// extension.
func Split(name string) (stem, ext string) {
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		return name[:dot], name[dot+1:]
	}
	return name, ""
}

// Join puts a name behind a folder on a server, where only the slash separates.
func Join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
