package sshkey

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"hash"

	"github.com/haulier/haulier/internal/secret"
)

// maxRounds bounds the work that a key file may ask for; OpenSSL writes 2,048, careful people some hundred thousand.
const maxRounds = 10_000_000

var (
	oidPBES2  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
)

// A locked PKCS#8 file (RFC 8018): a cipher, and how its key is made of the passphrase.
type lockedKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Content   []byte
}

type pbes2 struct {
	KeyDerivation pkix.AlgorithmIdentifier
	Cipher        pkix.AlgorithmIdentifier
}

type pbkdf2Params struct {
	Salt      []byte
	Rounds    int
	KeyLength int                      `asn1:"optional"`
	Hash      pkix.AlgorithmIdentifier `asn1:"optional"`
}

// parsePKCS8 opens an "ENCRYPTED PRIVATE KEY" block, which the ssh library does not know.
func parsePKCS8(der []byte, passphrase secret.Text) (any, error) {
	if passphrase.Empty() {
		return nil, passphraseMissing()
	}
	var locked lockedKey
	if _, err := asn1.Unmarshal(der, &locked); err != nil {
		return nil, unreadable(err)
	}
	plain, err := unlock(locked, passphrase)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	key, err := x509.ParsePKCS8PrivateKey(plain)
	if err != nil {
		// The padding of a wrongly decrypted file fits by chance once in 256 times.
		return nil, passphraseWrong(err)
	}
	return key, nil
}

func unlock(locked lockedKey, passphrase secret.Text) ([]byte, error) {
	if !locked.Algorithm.Algorithm.Equal(oidPBES2) {
		return nil, unreadable(fmt.Errorf("it is locked by the old method %v", locked.Algorithm.Algorithm))
	}
	var scheme pbes2
	if _, err := asn1.Unmarshal(locked.Algorithm.Parameters.FullBytes, &scheme); err != nil {
		return nil, unreadable(err)
	}
	kind, err := blockCipherOf(scheme.Cipher)
	if err != nil {
		return nil, unreadable(err)
	}
	key, err := derive(scheme.KeyDerivation, passphrase, kind.keyLength)
	if err != nil {
		return nil, unreadable(err)
	}
	defer clear(key)
	block, err := kind.make(key)
	if err != nil {
		return nil, unreadable(err)
	}
	return decryptCBC(block, kind.iv, locked.Content)
}

type blockCipher struct {
	keyLength int
	iv        []byte
	make      func(key []byte) (cipher.Block, error)
}

func blockCipherOf(id pkix.AlgorithmIdentifier) (blockCipher, error) {
	c := blockCipher{make: aes.NewCipher}
	switch id.Algorithm.String() {
	case "2.16.840.1.101.3.4.1.2":
		c.keyLength = 16
	case "2.16.840.1.101.3.4.1.22":
		c.keyLength = 24
	case "2.16.840.1.101.3.4.1.42":
		c.keyLength = 32
	case "1.2.840.113549.3.7":
		c.keyLength, c.make = 24, des.NewTripleDESCipher
	default:
		return c, fmt.Errorf("it is locked by the cipher %v, which is not known here", id.Algorithm)
	}
	_, err := asn1.Unmarshal(id.Parameters.FullBytes, &c.iv)
	return c, err
}

func derive(id pkix.AlgorithmIdentifier, passphrase secret.Text, length int) ([]byte, error) {
	if !id.Algorithm.Equal(oidPBKDF2) {
		return nil, fmt.Errorf("its key is derived by %v, which is not known here", id.Algorithm)
	}
	var params pbkdf2Params
	if _, err := asn1.Unmarshal(id.Parameters.FullBytes, &params); err != nil {
		return nil, err
	}
	if params.Rounds < 1 || params.Rounds > maxRounds {
		return nil, fmt.Errorf("it asks for %d rounds of key derivation", params.Rounds)
	}
	newHash, err := hashOf(params.Hash)
	if err != nil {
		return nil, err
	}
	return pbkdf2.Key(newHash, string(passphrase.Reveal()), params.Salt, params.Rounds, length)
}

func hashOf(id pkix.AlgorithmIdentifier) (func() hash.Hash, error) {
	if len(id.Algorithm) == 0 {
		return sha1.New, nil
	}
	switch id.Algorithm.String() {
	case "1.2.840.113549.2.7":
		return sha1.New, nil
	case "1.2.840.113549.2.9":
		return sha256.New, nil
	case "1.2.840.113549.2.10":
		return sha512.New384, nil
	case "1.2.840.113549.2.11":
		return sha512.New, nil
	}
	return nil, fmt.Errorf("its key is derived with the hash %v, which is not known here", id.Algorithm)
}

func decryptCBC(block cipher.Block, iv, content []byte) ([]byte, error) {
	size := block.BlockSize()
	if len(iv) != size || len(content) == 0 || len(content)%size != 0 {
		return nil, unreadable(errors.New("it is cut off"))
	}
	plain := make([]byte, len(content))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, content)
	pad := int(plain[len(plain)-1])
	if pad < 1 || pad > size {
		return nil, passphraseWrong(nil)
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, passphraseWrong(nil)
		}
	}
	return plain[:len(plain)-pad], nil
}
