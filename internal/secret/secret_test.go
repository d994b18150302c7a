package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/secret"
)

func TestTextNeverPrintsItself(t *testing.T) {
	const canary = "canary-7f3a"
	text := secret.New([]byte(canary))
	holder := struct {
		Password secret.Text
		Pointer  *secret.Text
	}{text, &text}

	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", text)
		fmt.Fprintf(&out, verb+"\n", holder)
	}
	encoded, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("test", "password", text, "holder", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("test", "password", text, "holder", holder)

	// %x of bytes would hide a plain search.
	for _, leak := range []string{canary, fmt.Sprintf("%x", canary), strings.ToUpper(fmt.Sprintf("%x", canary)), fmt.Sprint([]byte(canary))} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("printed the secret as %q:\n%s", leak, out.String())
		}
	}
	if string(text.Reveal()) != canary {
		t.Error("Reveal does not give the secret back")
	}
}

func TestNewCopiesAndWipeClears(t *testing.T) {
	source := []byte("abc")
	text := secret.New(source)
	source[0] = 'x'
	if got := string(text.Reveal()); got != "abc" {
		t.Errorf("Reveal = %q after the source changed", got)
	}
	text.Wipe()
	if got := text.Reveal(); !bytes.Equal(got, make([]byte, 3)) {
		t.Errorf("Reveal = %q after Wipe", got)
	}
}
