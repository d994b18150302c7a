package sshkey

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// leastRSA is the shortest RSA key that is used, in bits: what is below can be broken, and OpenSSH refuses it.
const leastRSA = 2048

// Check refuses keys that are too weak to use: RSA of less than 2,048 bits, and DSA. The error is key.weak.
func Check(key ssh.PublicKey) error {
	if key.Type() == "ssh-dss" {
		return weak("the key is a DSA key")
	}
	if bits := rsaBits(key); bits > 0 && bits < leastRSA {
		return weak(fmt.Sprintf("the RSA key has only %d bits", bits))
	}
	return nil
}

// Algorithm names a key as job.Key does: ed25519, rsa-3072, ecdsa-256.
func Algorithm(key ssh.PublicKey) string {
	if bits := rsaBits(key); bits > 0 {
		return fmt.Sprintf("rsa-%d", bits)
	}
	if public, ok := cryptoKey(key).(*ecdsa.PublicKey); ok {
		return fmt.Sprintf("ecdsa-%d", public.Curve.Params().BitSize)
	}
	return strings.TrimPrefix(key.Type(), "ssh-")
}

func rsaBits(key ssh.PublicKey) int {
	if public, ok := cryptoKey(key).(*rsa.PublicKey); ok {
		return public.N.BitLen()
	}
	return 0
}

func cryptoKey(key ssh.PublicKey) any {
	if able, ok := key.(ssh.CryptoPublicKey); ok {
		return able.CryptoPublicKey()
	}
	return nil
}
