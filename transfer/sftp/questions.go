package sftp

import (
	"slices"
	"strings"
	"unicode"
)

// Servers ask for a password in their own language, and for codes too. A text that has a word of both asks for a code: a password that
// is given to such a question is one wrong answer more, and stands where it does not belong. A language without words for a password that
// is good once is not among these.
var (
	passwordWords = []string{"password", "pass:", "passwort", "kennwort", "passwd", "passphrase", "mot de passe", "wachtwoord", "contraseña", "contrasena",
		"senha", "palavra-passe", "parola", "hasło", "haslo", "heslo", "jelszó", "lösenord", "adgangskode", "passord", "salasana", "şifre",
		"lozinka", "лозинка", "geslo", "kata sandi", "mật khẩu", "пароль", "парола", "κωδικός", "密码", "密碼", "口令", "パスワード", "암호", "비밀번호"}
	codeWords = []string{"otp", "totp", "token", "code", "codes", "passcode", "kode", "kod", "kód", "código", "codice", "pin", "tan", "sms", "mfa", "2fa", "duo",
		"challenge", "verification", "authenticator", "único", "única", "код", "токен",
		"new", "neues", "nieuw", "nouveau", "nueva", "nuova", "nova", "nowe", "nové", "nytt", "uusi", "yeni", "novo", "új", "новый", "нова", "retype", "confirm", "repeat"}
	codePhrases = []string{"one-time", "one time", "onetime", "dynami", "dinámic", "dinamic", "einmal", "eenmalig", "usage unique", "jetable", "un solo uso",
		"uso único", "desechable", "monouso", "usa e getta", "descartável", "descartavel", "unică", "jednorazow", "jednorázov", "jednorazov", "egyszer", "engång",
		"engangs", "kertakäyttö", "tek kullanım", "tek seferlik", "jednokrat", "једнократ", "enkrat", "sekali pakai", "một lần", "одноразов", "динамич", "еднократ",
		"επαλήθευσ", "μίας χρήσης", "μιας χρήσης", "一次", "动态", "動態", "验证", "驗證", "令牌", "短信", "ワンタイム", "使い捨て", "認証", "確認", "トークン",
		"일회용", "1회용", "인증", "新しい", "新密", "新口令", "确认", "再次", "새 ", "새로운", "re-enter", "повтор", "подтверд"}
	changeWords   = []string{"old", "altes", "alte", "ancien", "antigua", "vecchia", "antiga", "oud", "oude", "stare", "staré", "gammalt", "gammelt", "vanha", "eski", "régi", "actuel", "actual", "atual", "attuale"}
	changePhrases = []string{"current", "expire", "expiré", "changing", "change your", "must change", "aktuell", "derzeitig", "bisherig", "abgelaufen", "caducad", "scadut", "huidig", "verlopen",
		"obecn", "bieżąc", "wygasł", "aktuáln", "současn", "nuvarande", "nuværende", "nåværende", "nykyi", "текущ", "стар", "истек", "истёк", "mevcut", "jelenlegi", "trenutn",
		"τρέχ", "παλι", "现在", "当前", "目前", "旧", "過期", "过期", "現在", "古い", "期限", "현재", "기존", "만료"}
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

// asksForChange says whether a question for a password behind one that was answered is no refusal: it has words for the present password,
// or something is said with it that was not said with the first. The same once more is a refusal.
func asksForChange(user, before, around, question string) bool {
	if around+question == before {
		return false
	}
	if strings.TrimSpace(around) != "" && !strings.HasPrefix(before, around) {
		return true
	}
	question = wordsOf(user, question)
	return hasWord(question, changeWords) || slices.ContainsFunc(changePhrases, func(phrase string) bool { return strings.Contains(question, phrase) })
}

func asksCode(text string) bool {
	return hasWord(text, codeWords) || slices.ContainsFunc(codePhrases, func(phrase string) bool { return strings.Contains(text, phrase) })
}

func hasWord(text string, words []string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if slices.Contains(words, word) {
			return true
		}
	}
	return false
}

// mostQuestion is how many bytes of a question are looked at, from its end: what is asked stands there, behind notices.
const mostQuestion = 1 << 10

// wordsOf is a text in small letters, without whom it asks and where: users and hosts may have any name.
func wordsOf(user, text string) string {
	text = text[max(0, len(text)-mostQuestion):]
	fields := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	fields = slices.DeleteFunc(fields, func(f string) bool { return strings.Trim(f, `"'():,.`) == user || isName(f) })
	return strings.ToLower(strings.Join(fields, " "))
}

// isName says whether a part of a text is the name of a user, a host or a domain. One with a word for a password is not: some servers put
// no blank between the two.
func isName(field string) bool {
	if strings.Contains(field, "@") {
		return true
	}
	field = strings.ToLower(strings.Trim(field, `"'()[]<>{}:;,.!?`))
	return strings.ContainsAny(field, `.\`) && !slices.ContainsFunc(passwordWords, func(word string) bool { return strings.Contains(field, word) })
}
