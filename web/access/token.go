package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/haulier/haulier/internal/secret"
)

// A token reads hlr_ID_SECRET: 64 bits to find it by, 256 that prove it. Both are random, and in small letters and digits.
const (
	tokenBegin = "hlr_"
	idBytes    = 8
	keyBytes   = 32
)

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewToken makes a token. Its hash is what is kept.
func NewToken() (token secret.Text, id string, hash []byte) {
	id = random(idBytes)
	text := tokenBegin + id + "_" + random(keyBytes)
	return secret.New([]byte(text)), id, hashOf(text)
}

// random gives random bytes as letters.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return letters.EncodeToString(b)
}

func hashOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// tokenID gives the public half of what may be a token.
func tokenID(text string) (id string, ok bool) {
	rest, begins := strings.CutPrefix(text, tokenBegin)
	id, key, cut := strings.Cut(rest, "_")
	return id, begins && cut && areLetters(id, idBytes) && areLetters(key, keyBytes)
}

// areLetters says whether text is what random may have made of n bytes.
func areLetters(text string, n int) bool {
	if len(text) != letters.EncodedLen(n) {
		return false
	}
	b, err := letters.DecodeString(text)
	return err == nil && letters.EncodeToString(b) == text
}

// bearer gives what stands in an Authorization header; given says that there is one, good or not.
func bearer(header string) (token string, given bool) {
	if header == "" {
		return "", false
	}
	kind, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(token), true
}
