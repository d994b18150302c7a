package sheet

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// composer writes one sheet.
type composer struct {
	Facts
	words
}

// Compose writes the sheet of a connection in a language; one that it does not have is an error.
func Compose(f Facts, language string) (Document, error) {
	w, found := languages[language]
	if !found {
		return Document{}, fmt.Errorf("there is no sheet in %q: there are %s", language, strings.Join(Languages(), ", "))
	}
	c := composer{f, w}
	name := cmp.Or(f.Display, f.Connection)
	d := Document{
		Language: language, Title: c.say("title", "name", name), Subject: c.say("subject", "name", name),
		Letter: []string{c.say("letter.hello"), c.say("letter.what", "name", name), c.say("letter.private"), c.say("letter.bye")},
	}
	for _, part := range []func() (string, []Block){c.about, c.allow, c.create, c.login, c.encryption, c.files, c.tell, c.result} {
		title, blocks := part()
		if len(blocks) > 0 {
			d.Sections = append(d.Sections, Section{Title: c.say(title), Blocks: blocks})
		}
	}
	return d, nil
}

func (c composer) day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func (c composer) port() string { return strconv.Itoa(c.Port) }

func (c composer) about() (string, []Block) {
	facts := []string{c.say("about.facts", "connection", c.Connection)}
	if c.Entity != "" {
		facts = append(facts, c.say("about.entity", "entity", c.Entity))
	}
	if c.Contact != "" {
		facts = append(facts, c.say("about.contact", "contact", c.Contact))
	}
	facts = append(facts, c.say("about.made", "date", c.day(c.Made), "version", c.Version))
	return "about", []Block{text(c.say("about.client")), items(facts...)}
}

func (c composer) allow() (string, []Block) {
	line := c.say("allow.none", "port", c.port())
	if len(c.Egress) > 0 {
		line = strings.ReplaceAll(c.say("allow.line", "port", c.port()), "{addresses}", typed(c.Egress...))
	}
	return "allow", []Block{items(c.say("allow.who")+": "+line, c.say("allow.name"))}
}

func (c composer) create() (string, []Block) {
	blocks := []Block{text(c.say("create.user", "user", c.User))}
	if len(c.Folders) == 0 {
		return "create", blocks
	}
	rows, only := [][]string{{c.say("create.folder"), c.say("create.rights")}}, true
	for _, folder := range c.Folders {
		rights := make([]string, len(folder.Rights))
		for i, right := range folder.Rights {
			rights[i] = c.say("right." + string(right))
			only = only && right == MayWrite
		}
		rows = append(rows, []string{typed(folder.Path), strings.Join(rights, ", ")})
	}
	blocks = append(blocks, text(c.say("create.folders")), table(rows...))
	if only {
		blocks = append(blocks, text(c.say("create.putonly")))
	}
	return "create", blocks
}

// encryption is left out where neither side encrypts.
func (c composer) encryption() (string, []Block) {
	var blocks []Block
	for _, key := range c.Decrypt {
		blocks = append(blocks, text(c.say("encrypt.to")), text(c.print(key, "encrypt.print")), code(key.Label+".asc", key.Armored),
			text(c.say("encrypt.how")), code("", fmt.Sprintf("gpg --import %s.asc\ngpg --encrypt --recipient %s FILE", key.Label, strings.ReplaceAll(key.Fingerprint, " ", ""))))
	}
	if c.Signed {
		blocks = append(blocks, text(c.say("encrypt.signed")))
	}
	for _, key := range c.Encrypt {
		blocks = append(blocks, text(c.print(key, "encrypt.theirs")))
	}
	if len(c.Awaited) > 0 {
		blocks = append(blocks, text(c.say("encrypt.awaited", "names", strings.Join(c.Awaited, ", "))))
	}
	if c.SignedBy != nil {
		blocks = append(blocks, text(c.print(*c.SignedBy, "encrypt.oursigns")), code(c.SignedBy.Label+".asc", c.SignedBy.Armored))
	}
	return "encrypt", blocks
}

func (c composer) print(key PGPKey, name string) string {
	expiry := c.say("encrypt.forever")
	if !key.Expires.IsZero() {
		expiry = c.say("encrypt.expires", "date", c.day(key.Expires))
	}
	return c.say(name, "print", key.Fingerprint, "expiry", expiry)
}

func (c composer) tell() (string, []Block) {
	blocks := []Block{{Blank: []string{c.say("tell.host"), c.say("tell.port"), c.say("tell.user"), c.say("tell.hostkey")}},
		text(c.say("tell.method") + ": " + c.say("tell.methods"))}
	if c.Host != "" {
		blocks = append(blocks, text(c.say("tell.have", "host", c.Host, "port", c.port(), "user", c.User)))
	}
	if len(c.HostKeys) > 0 {
		return "tell", append(blocks, text(strings.ReplaceAll(c.say("tell.prints"), "{prints}", typed(c.HostKeys...))))
	}
	return "tell", append(blocks, text(c.say("tell.command")), code("", "for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done"))
}

func (c composer) result() (string, []Block) {
	state := c.say("result.none")
	if c.Tested != nil && c.Tested.Slug == "" {
		state = c.say("result.ok", "date", c.Tested.At.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if c.Tested != nil && c.Tested.Slug != "" {
		state = c.say("result.failed", "date", c.Tested.At.UTC().Format("2006-01-02 15:04 UTC"), "slug", c.Tested.Slug)
	}
	rows := [][]string{{c.say("trouble.message"), c.say("trouble.means")}}
	for _, message := range []string{"refused", "timeout", "early", "key", "hostkey", "denied"} {
		rows = append(rows, []string{c.say("trouble." + message), c.say("trouble." + message + ".do")})
	}
	return "result", []Block{text(state), text(c.say("result.own", "host", c.Host, "port", c.port(), "user", c.User)), text(c.say("trouble")), table(rows...)}
}
