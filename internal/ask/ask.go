// Package ask has what a customer's IT department is asked for when something of theirs is the matter. The sentences are written for
// somebody who runs a server and knows nothing of ours: no command, setting, path or job of ours is in them.
package ask

import "strings"

var asks = map[string]string{
	"net":                         "We cannot reach your server. Please check that it runs, and that your firewall lets our addresses in.",
	"net.dns":                     "The name of your server is not known to the DNS. Please check its entry, or tell us the new name.",
	"net.refused":                 "Your server refuses our connection. Please check that its SSH service runs on this port, and that your firewall lets our addresses in.",
	"ssh":                         "We reach your server, but no SFTP session comes about. Please check its SSH service.",
	"host_key":                    "Your server shows another host key than the one that we know, so we send it nothing. Please tell us, by a way other than mail, the fingerprint of its key if you have changed it.",
	"auth":                        "Your server refuses our login. Please check that the account is not locked, and that our key or password is set for it.",
	"auth.key_rejected":           "Your server refuses our key. Please check that our public key is installed for the account, and that the account is not locked.",
	"auth.password_rejected":      "Your server refuses our password. Please check whether it has expired or the account is locked.",
	"remote":                      "Your server refuses what we ask of it. Please check the rights of the account on its folders.",
	"remote.no_space":             "Your server has no space left for our files. Please make room.",
	"remote.permission":           "The account has no right to read or write in one of the folders agreed on. Please check its rights.",
	"remote.path_missing":         "One of the folders agreed on is not there. Please make it, or tell us its new name.",
	"remote.too_many_connections": "Your server takes no more connections at this time. Please check its limits.",
	"pgp":                         "A file that you left for us cannot be decrypted. Please encrypt it anew, with our current key.",
	"pgp.not_encrypted":           "A file that you left for us is not encrypted. Please encrypt it with our public key.",
	"pgp.wrong_key":               "A file that you left for us is encrypted with another key than ours. Please encrypt it with our current public key.",
	"pgp.truncated":               "A file that you left for us is not complete. Please upload it again, under a temporary name that you change when it is whole.",
	"content":                     "A file that you left for us does not have the form agreed on. Please check it.",
	"content.empty":               "A file that you left for us is empty. Please check it.",
	"expect":                      "We expected a file of yours that has not come in time. Please check whether it was made, and where it was put.",
}

// Customer is the sentence for a failure, by its slug or, failing that, by the slug's area.
func Customer(slug string) string {
	area, _, _ := strings.Cut(slug, ".")
	for _, key := range []string{slug, area} {
		if text := asks[key]; text != "" {
			return text
		}
	}
	return "Files between us do not move as they should. Please get in touch with us."
}
