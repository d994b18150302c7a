package sftp

import (
	"strings"
	"testing"
	"unicode"
)

func TestQuestionsForPasswords(t *testing.T) {
	for question, asks := range map[string]bool{
		"Password:":                                   true,
		"Password: ":                                  true,
		"acme@sftp.example's password: ":              true,
		"Enter password for acme: ":                   true,
		"PASSWORD for user token:":                    true, // the user's name is token
		"(otp@code.example) Password:":                true,
		"Kennwort: ":                                  true,
		"Mot de passe :":                              true,
		"Wachtwoord voor acme:":                       true,
		"パスワード: ":                                     true,
		strings.Repeat("Notice. ", 500) + "Password:": true,
		"Password for acme on new-sftp.example.com:":  true,
		"Password for acme on pin.example.com:":       true,
		"(sftp.example.com)Password:":                 true,
		"Passwort für NEW\\acme:":                     true,
		"Lozinka:":                                    true,
		"Geslo:":                                      true,
		"Kata sandi: ":                                true,
		"":                                            true,
		": ":                                          true,

		"ワンタイムパスワード: ":                    false,
		"一次性密码:":                          false,
		"动态口令:":                           false,
		"일회용 비밀번호:":                       false,
		"Одноразовый пароль:":             false,
		"Hasło jednorazowe:":              false,
		"Jednorázové heslo:":              false,
		"Engångslösenord:":                false,
		"Engangsadgangskode:":             false,
		"Kertakäyttösalasana:":            false,
		"Senha descartável:":              false,
		"Tek kullanımlık şifre:":          false,
		"Κωδικός επαλήθευσης:":            false,
		"Jednokratna lozinka:":            false,
		"Enkratno geslo:":                 false,
		"Kata sandi sekali pakai:":        false,
		"Egyszer használatos jelszó:":     false,
		"Dynamic password:":               false,
		"Password (enter your code.):":    false,
		"OTP.Password:":                   false,
		"One-time password:":              false,
		"OTP:":                            false,
		"Enter PASSCODE:":                 false,
		"Verification code: ":             false,
		"Password or passcode:":           false,
		"otp-md5 487 dog2\nPassword: ":    false,
		"PIN: ":                           false,
		"New password: ":                  false,
		"Retype new password: ":           false,
		"Einmalpasswort:":                 false,
		"Code à usage unique:":            false,
		"Employee number: ":               false,
		"What is your favourite colour? ": false,
		"\x1b[2JEnter response: ":         false,
	} {
		if asksPassword("token", "", question) != asks {
			t.Errorf("%q: %v", question, !asks)
		}
	}
	if asksPassword("acme", "Duo two-factor login Enter a passcode", "") || !asksPassword("acme", "ACME Welcome", " ") {
		t.Error("a question without a word is not understood by what stands around it")
	}
}

// FuzzQuestion: a question that gets the password has a word for it or none at all, and none for a code.
func FuzzQuestion(f *testing.F) {
	f.Add("acme", "", "Password: ")
	f.Add("acme", "login", "Verification code: ")
	f.Add("token", "Enter a passcode", "\xff\x00: ")
	f.Add("", "x", "acme@host Kennwort\u202e:")
	f.Fuzz(func(t *testing.T, user, around, question string) {
		if !asksPassword(user, around, question) {
			return
		}
		words := wordsOf(user, question)
		if len(words) > 4*mostQuestion {
			t.Errorf("%d bytes were looked at", len(words))
		}
		if asksCode(words) {
			t.Errorf("%q asks for a code", question)
		}
		known := false
		for _, word := range passwordWords {
			known = known || strings.Contains(words, word)
		}
		if !known && strings.ContainsFunc(words, unicode.IsLetter) {
			t.Errorf("%q does not ask for a password", question)
		}
		if user != "code" && asksPassword(user, around, question+" your code") {
			t.Errorf("%q with a code behind it", question)
		}
	})
}
