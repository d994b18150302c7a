package sftptest

import (
	"slices"
	"strings"
	"unicode"
)

// HostileNames are some 700 names of files that a server may list to get out of a folder, to pass for another file, or to act
// upon whoever reads them. No file system stores all of them: those with "/" or NUL, the over-long and the empty ones
// exist in listings only (Knobs.HostileNames).
func HostileNames() []string {
	var all []string
	for _, piece := range hostilePieces() {
		all = append(all, piece+"a.csv", "a"+piece+"b.csv", "a.csv"+piece)
	}
	for _, first := range pairs {
		for _, second := range pairs {
			all = append(all, first+"x"+second+"y.csv")
		}
	}
	for _, name := range devices {
		all = append(all, name, strings.ToLower(name)+".csv", name+" .csv", name+".csv.")
	}
	all = append(all, whole...)
	for _, length := range []int{251, 252, 300, 1000, 4096} { // with .csv: 255, 256…
		all = append(all, strings.Repeat("a", length)+".csv", strings.Repeat("é", length/2)+".csv")
	}
	all = append(all, strings.Repeat("a", 64<<10)+".csv") // one: all have to go into one packet, each twice
	slices.Sort(all)
	return slices.Compact(all)
}

// hostilePieces are what makes a name hostile wherever it stands in it.
func hostilePieces() []string {
	pieces := []string{"/", `\`, "//", "../", `..\`, "/../", "./", "..", "...", ". ", " ", "  ", ":", "%2f", "%2e%2e%2f", "%00", "%0a", "~", "-", "--", "*", "?", "[", "|", "&", ";", "$(x)", "`x`", "${x}", "'", `"`, "<", ">", "!", "#", "=", "+", "@", ",",
		"\x80", "\xff", "\xfe\xff", "\xc0\xaf", "\xc0\x80", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x80", "\xc3", // none of them UTF-8
		"\x1b[2J", "\x1b]0;owned\a", "\r\n", "\u0085", "\u00a0", "\u2024", "\u2215", "\uff0f", "\uff0e\uff0e", "\u0300", "e\u0301", "\U0001f4a9", "\U000e0041", "\ufffd", "\uffff"}
	for r := range rune(0xa0) {
		if unicode.IsControl(r) {
			pieces = append(pieces, string(r))
		}
	}
	for _, r := range "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2066\u2067\u2068\u2069\ufeff" {
		pieces = append(pieces, string(r))
	}
	return pieces
}

// pairs are pieces that are tried together.
var pairs = []string{"../", `..\`, "\x00", "\n", "\x1b[2J", "\u202e", "\xff", "%2e%2e%2f", "\u2028", "/", "é", " "}

// devices are names that mean something else to Windows.
var devices = []string{"CON", "PRN", "AUX", "NUL", "COM1", "COM9", "LPT1", "LPT9", "CLOCK$"}

// whole are names that are hostile as they are.
var whole = []string{"", ".haulier", ".haulier.csv", "/", `\`, "..", "../..", "/etc/passwd", "/etc/passwd.csv", "../../etc/passwd.csv", "..%2f..%2fetc%2fpasswd.csv", `..\..\x.csv`, `C:\x.csv`, "C:/x.csv", "C:x.csv",
	`\\host\share\x.csv`, "//host/share/x.csv", "file:///etc/passwd.csv", "a.csv/", "a.csv/.", "a.csv/..", "a.csv::$DATA", "a.csv:stream", "-rf.csv", "-", "--help.csv", "~root.csv", "$HOME.csv", "$(id).csv", "`id`.csv",
	"a;id.csv", "a|id.csv", "=cmd|' /C calc'!A0.csv", "@SUM(1).csv", "+1.csv", "<script>alert(1)</script>.csv", `"><img src=x onerror=alert(1)>.csv`, "'; DROP TABLE files; --.csv", "%s%n%x.csv", "{name}.csv",
	"{{.}}.csv", "a.csv\nb.csv", "level=ERROR msg=forged.csv", "a.csv.pgp", "desktop.ini", ".htaccess", "…", " .csv", ".csv", "..csv", "...csv"}
