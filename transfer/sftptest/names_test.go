package sftptest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

func TestHostileNamesAreManyAndOfEveryKind(t *testing.T) {
	all := sftptest.HostileNames()
	if len(all) < 400 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
		t.Errorf("%d names, or some twice", len(all))
	}
	for _, piece := range []string{"\x00", "\x1f", "\x7f", "\u009f", "/", `\`, "..", "\u202e", "\xff", "CON", strings.Repeat("a", 256)} {
		if !slices.ContainsFunc(all, func(name string) bool { return strings.Contains(name, piece) }) {
			t.Errorf("no name has %q", piece)
		}
	}
}
