package store

import (
	"bytes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// FuzzReasonRow: a reason comes back from its column, and what cannot be read there is still a reason.
func FuzzReasonRow(f *testing.F) {
	f.Add(`{"slug":"net.dns","temporary":true}`)
	f.Add(`{"slug":1}`)
	f.Add(`null`)
	f.Add(`{"technical":"\ud800"}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		r := reasonFrom(text)
		if (r == nil) != (text == "") {
			t.Fatalf("%q is %v", text, r)
		}
		if again := reasonFrom(reasonText(r)); !cmp.Equal(again, r, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Err" }, cmp.Ignore())) {
			t.Errorf("%+v comes back as %+v", r, again)
		}
	})
}

// FuzzFileRow: the names of a file are kept byte for byte, and a damaged column is a lack, never another file.
func FuzzFileRow(f *testing.F) {
	f.Add("/out/a.csv", "/landing/a.csv", ".haulier-1.1.a", "{}", "{}")
	f.Add("/out/\xff\x1b\n", "", "", "{", "null")
	f.Add("\xc3\x28/é", "\u202e", "a\\b", `{"signed_by":"x"}`, `[]`)
	f.Fuzz(func(t *testing.T, path, local, aside, envelope, receipt string) {
		if strings.ContainsRune(path+local+aside, 0) {
			return // no file system and no packet of ours has such a name
		}
		file := job.File{Path: path, Dir: path, Local: local, Final: local, Temp: aside, Aside: aside, Marker: path, Archived: aside, Landing: local}
		for _, name := range []string{path, local} {
			if name != "" {
				file.Leftovers = append(file.Leftovers, name)
			}
		}
		row := rowOf(file)
		for _, column := range []*raw{&row.Path, &row.Dir, &row.Local, &row.Final, &row.Temp, &row.Aside, &row.Marker, &row.Archived, &row.Landing, &row.Leftovers} {
			value, err := column.Value()
			if err != nil {
				t.Fatal(err)
			}
			*column = "another"
			if err := column.Scan(value); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(file, row.file()); diff != "" {
			t.Error(diff)
		}
		row.Envelope, row.Receipt = envelope, receipt
		damaged := row.file()
		if damaged.Path != path || damaged.Envelope != nil && envelope == "" || damaged.Receipt != nil && receipt == "" {
			t.Errorf("%+v", damaged)
		}
		if shown := nameOf(file); strings.ContainsAny(shown, "\x1b\n\u202e") || len(shown) > 1000 {
			t.Errorf("%q", shown)
		}
	})
}

// FuzzMasterKey: what is taken for a master key is one, and is nowhere in what is said when it is not.
func FuzzMasterKey(f *testing.F) {
	f.Add([]byte(strings.Repeat("0f", 32) + "\n"))
	f.Add([]byte(strings.Repeat("k", 32)))
	f.Add([]byte(strings.Repeat("g", 64)))
	f.Add([]byte("  " + strings.Repeat("AB", 32) + "\r\n"))
	f.Add([]byte("\xef\xbb\xbf" + strings.Repeat("0f", 32)))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := parseMasterKey("the file", bytes.Clone(text))
		if err != nil {
			if len(text) > 8 && strings.Contains(err.Error(), string(text)) {
				t.Errorf("%q tells the key", err)
			}
			return
		}
		again, err := parseMasterKey("the file", []byte(hex.EncodeToString(key.Reveal())))
		if err != nil || !bytes.Equal(again.Reveal(), key.Reveal()) || len(key.Reveal()) != masterKeySize {
			t.Errorf("%q does not come back as it was written: %v", text, err)
		}
	})
}

// FuzzSealedRow: a sealed row opens only where it was sealed, as it was sealed.
func FuzzSealedRow(f *testing.F) {
	key := secret.New(bytes.Repeat([]byte{7}, masterKeySize))
	a, err := aead(key)
	if err != nil {
		f.Fatal(err)
	}
	ring := &ring{seals: "k", keys: map[string]cipher.AEAD{"k": a}}
	home := sealedRow{Kind: "secret", Name: "a", Version: 1, KeyID: "k", Nonce: []byte("in each run ")} // fuzzing runs in processes of its own
	home.Sealed = a.Seal(nil, home.Nonce, []byte("the text"), home.aad())
	f.Add("secret", "a", 1, home.Nonce, home.Sealed)
	f.Add("secret\x00a", "", 1, home.Nonce, home.Sealed)
	f.Add("secret", "b", 1, home.Nonce, home.Sealed)
	f.Add("secret", "a", 1, []byte(nil), []byte(nil))
	f.Fuzz(func(t *testing.T, kind, name string, version int, nonce, sealed []byte) {
		row := sealedRow{Kind: kind, Name: name, Version: version, KeyID: "k", Nonce: nonce, Sealed: sealed}
		text, err := ring.open(row)
		same := kind == home.Kind && name == home.Name && version == home.Version && bytes.Equal(nonce, home.Nonce) && bytes.Equal(sealed, home.Sealed)
		if (err == nil) != same || same && string(text.Reveal()) != "the text" {
			t.Errorf("%+v opens: %v", row, err)
		}
		if _, err := unseal(a, string(sealed), name); err == nil {
			t.Errorf("%q opens", sealed)
		}
	})
}

// FuzzRunLog: a line of a run's log is bounded and valid text, and so is the log.
func FuzzRunLog(f *testing.F) {
	f.Add("a line", int64(0))
	f.Add("\xff\xfe"+strings.Repeat("é", logLineMost), int64(logMost-10))
	f.Fuzz(func(t *testing.T, line string, have int64) {
		if kept := cut(line); len(kept) > 3*logLineMost+len("…") || !utf8.ValidString(kept) || len(line) <= logLineMost && utf8.ValidString(line) && kept != line {
			t.Errorf("%q is kept as %q", line, kept)
		}
		if have < 0 || have > logMost {
			return
		}
		s := &Store{options: Options{Now: time.Now}}
		values, size, full := s.fit(1, []LogLine{{Line: line}, {Line: line}}, have)
		if len(values) > 2*logRows.columns || !full && size > logMost || full && !strings.Contains(fmt.Sprint(values[len(values)-1]), "10 MiB") {
			t.Errorf("%d values, %d bytes, full %t", len(values), size, full)
		}
	})
}
