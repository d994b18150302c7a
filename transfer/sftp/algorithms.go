package sftp

import (
	"slices"

	"golang.org/x/crypto/ssh"
)

// transport gives the algorithms of an SSH transport: the modern ones, and behind them those that alsoAllow names and
// the library has. ChaCha20 goes last: on machines with AES instructions it costs twice the time.
func transport(alsoAllow []string) ssh.Config {
	modern, old := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	allowed := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(name string) bool { return !slices.Contains(alsoAllow, name) })
	}
	ciphers := slices.DeleteFunc(slices.Clone(modern.Ciphers), func(name string) bool { return name == ssh.CipherChaCha20Poly1305 })
	return ssh.Config{
		KeyExchanges: slices.Concat(modern.KeyExchanges, allowed(old.KeyExchanges)),
		Ciphers:      slices.Concat(ciphers, []string{ssh.CipherChaCha20Poly1305}, allowed(old.Ciphers)),
		MACs:         slices.Concat(modern.MACs, allowed(old.MACs)),
	}
}

// hostKeyTypes are the types of host keys, in the order in which an unknown server is asked.
var hostKeyTypes = []string{
	ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSA,
}

// hostKeyAlgorithms gives the algorithms that prove a key of a type. RSA proves itself by SHA-2, and by SHA-1 only where
// alsoAllow says so.
func hostKeyAlgorithms(keyType string, alsoAllow []string) []string {
	if keyType != ssh.KeyAlgoRSA {
		return []string{keyType}
	}
	list := []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	if slices.Contains(alsoAllow, ssh.KeyAlgoRSA) {
		list = append(list, ssh.KeyAlgoRSA)
	}
	return list
}

// allHostKeyAlgorithms asks for any key, of a server of which none is pinned.
func allHostKeyAlgorithms(alsoAllow []string) []string {
	var list []string
	for _, t := range hostKeyTypes {
		list = append(list, hostKeyAlgorithms(t, alsoAllow)...)
	}
	if slices.Contains(alsoAllow, "ssh-dss") {
		list = append(list, "ssh-dss")
	}
	return list
}

// typeOf is the type of key that an algorithm proves.
func typeOf(algorithm string) string {
	if algorithm == ssh.KeyAlgoRSASHA256 || algorithm == ssh.KeyAlgoRSASHA512 {
		return ssh.KeyAlgoRSA
	}
	return algorithm
}
