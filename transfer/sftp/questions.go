package sftp

import (
	"slices"
	"strings"
	"unicode"
)

// Servers ask for a password in their own language, and for codes too. A text that has a word of both asks for a code: a password that
// is given to such a question is one wrong answer more, and stands where it does not belong.
var (
	passwordWords = []string{"password", "pass:", "passwort", "kennwort", "passwd", "passphrase", "mot de passe", "wachtwoord", "contraseña", "contrasena",
		"senha", "palavra-passe", "parola", "hasło", "haslo", "heslo", "jelszó", "lösenord", "adgangskode", "passord", "salasana", "şifre",
		"пароль", "κωδικός", "密码", "密碼", "口令", "パスワード", "암호", "비밀번호"}
	codeWords = []string{"otp", "totp", "token", "code", "codes", "passcode", "kode", "pin", "mfa", "2fa", "duo", "challenge", "verification", "authenticator",
		"new", "neues", "nieuw", "nouveau", "nueva", "nuova", "retype", "confirm", "repeat"}
	codePhrases = []string{"one-time", "one time", "onetime", "einmal", "eenmalig", "usage unique", "un solo uso", "monouso", "re-enter"}
)

// asksPassword says whether a question asks for the password of a user. One without a word says nothing by itself: then name and
// instruction of the exchange are asked, and where those have no word of either, a hidden question is one for the password.
func asksPassword(user, around, question string) bool {
	question = wordsOf(user, question)
	if !strings.ContainsFunc(question, unicode.IsLetter) {
		around = wordsOf(user, around)
		return !asksCode(around)
	}
	return !asksCode(question) && slices.ContainsFunc(passwordWords, func(word string) bool { return strings.Contains(question, word) })
}

func asksCode(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if slices.Contains(codeWords, word) {
			return true
		}
	}
	return slices.ContainsFunc(codePhrases, func(phrase string) bool { return strings.Contains(text, phrase) })
}

// mostQuestion is how many bytes of a question are looked at, from its end: what is asked stands there, behind notices.
const mostQuestion = 1 << 10

// wordsOf is a text in small letters, without whom it asks: users and hosts may have any name.
func wordsOf(user, text string) string {
	text = text[max(0, len(text)-mostQuestion):]
	fields := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	fields = slices.DeleteFunc(fields, func(f string) bool { return strings.Contains(f, "@") || strings.Trim(f, `"'():,.`) == user })
	return strings.ToLower(strings.Join(fields, " "))
}
