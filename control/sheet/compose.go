package sheet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/ask"
)

// composer writes one sheet.
type composer struct {
	Facts
	wording
	language string
}

// Compose writes the sheet of a connection in a language; one that it does not have is an error.
func Compose(f Facts, language string) (Document, error) {
	w, found := book[language]
	if !found {
		return Document{}, fmt.Errorf("there is no sheet in %q: there are %s", language, strings.Join(Languages(), ", "))
	}
	c := composer{f, wording(w), language}
	name := cmp.Or(f.Display, f.Connection)
	d := Document{
		Language: language, Title: c.say("title", "name", name), Subject: c.say("subject", "name", name),
		Letter: []string{c.say("letter.hello"), c.say("letter.what", "name", name), c.say("letter.private"), c.say("letter.bye")},
	}
	for _, part := range []func() (string, []Block){c.about, c.allow, c.create, c.login, c.encryption, c.files, c.tell, c.result, c.armored} {
		title, blocks := part()
		if len(blocks) > 0 {
			d.Sections = append(d.Sections, Section{Title: c.say(title), Class: map[string]string{"keys": "keys"}[title], Blocks: blocks})
		}
	}
	return d, nil
}

// WithLink has a sheet tell a link to itself, which ends, before the lines that are filled in.
func (d Document) WithLink(address string, until time.Time) (Document, error) {
	c := composer{wording: wording(book.In(d.Language)), language: d.Language}
	drawn, err := Code(address, c.say("tell.code"))
	link := Block{Text: c.say("tell.link", "date", c.day(until)) + " " + typed(address), QR: drawn}
	d.Sections = slices.Clone(d.Sections)
	for i, section := range d.Sections {
		if at := slices.IndexFunc(section.Blocks, func(b Block) bool { return b.Blank != nil }); at >= 0 {
			d.Sections[i].Blocks = slices.Insert(slices.Clone(section.Blocks), at, link)
		}
	}
	return d, err
}

// Invite is a letter that has a link to the sheet, in place of the sheet.
func Invite(name, language, address string, until time.Time) Document {
	c := composer{wording: wording(book.In(language)), language: language}
	return Document{
		Language: language, Title: c.say("title", "name", name), Subject: c.say("subject", "name", name),
		Letter: []string{c.say("letter.hello"), c.say("letter.link", "name", name, "date", c.day(until)), address, c.say("letter.private"), c.say("letter.bye")},
	}
}

// file is a text that is to be saved as it is.
func (c composer) file(name, content string) Block {
	return Block{Code: content, Name: name, Save: c.say("save", "name", name)}
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
	return "allow", []Block{items(line, c.say("allow.name"))}
}

func (c composer) create() (string, []Block) {
	blocks := []Block{text(c.say("create.user", "user", c.User))}
	if len(c.Folders) == 0 {
		return "create", blocks
	}
	rows, only, ours, aside := [][]string{{c.say("create.folder"), c.say("create.rights"), c.say("create.for")}}, true, false, false
	for _, folder := range c.Folders {
		rights := make([]string, len(folder.Rights))
		for i, right := range folder.Rights {
			rights[i] = c.say("right." + string(right))
			only = only && right == MayWrite
		}
		ours = ours || folder.Ours
		rows = append(rows, []string{typed(folder.Path), strings.Join(rights, ", "), typed(folder.For...)})
	}
	for _, f := range c.Incoming {
		aside = aside || f.After != ""
	}
	blocks = append(blocks, text(c.say("create.folders")), table(rows...))
	var why []string
	for _, add := range []struct {
		when bool
		name string
	}{{only, "create.putonly"}, {aside, "create.aside"}, {ours, "create.ours"}} {
		if add.when {
			why = append(why, c.say(add.name))
		}
	}
	if len(why) > 0 {
		blocks = append(blocks, items(why...))
	}
	return "create", blocks
}

func (c composer) tell() (string, []Block) {
	method := c.say("tell.method") + ": [ ] " + c.say("method.key") + "  [ ] " + c.say("method.password") + "  [ ] " + c.say("method.both")
	blocks := []Block{{Blank: &Blank{Lines: c.blanks(), Choice: method}}}
	if c.Host != "" {
		blocks = append(blocks, text(c.say("tell.have", "host", c.Host, "port", c.port(), "user", c.User)))
	}
	if len(c.HostKeys) > 0 {
		return "tell", append(blocks, text(strings.ReplaceAll(c.say("tell.prints"), "{prints}", typed(c.HostKeys...))))
	}
	return "tell", append(blocks, text(c.say("tell.command")), code("for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done"))
}

// blanks are what the customer fills in on paper.
func (c composer) blanks() []string {
	return []string{c.say("tell.host"), c.say("tell.port"), c.say("tell.user"), c.say("tell.hostkey"), c.say("tell.folders"), c.say("tell.contact"), c.say("tell.remarks")}
}

func (c composer) result() (string, []Block) {
	rows := [][]string{{c.say("trouble.message"), c.say("trouble.means")}}
	for _, message := range []string{"refused", "timeout", "early", "key", "hostkey", "denied"} {
		rows = append(rows, []string{c.say("trouble." + message), c.say("trouble." + message + ".do")})
	}
	return "result", []Block{text(c.tested()), text(c.say("result.own", "host", c.Host, "port", c.port(), "user", c.User)), text(c.say("trouble")), table(rows...)}
}

// tested says how the last test went, and what the customer can do about it.
func (c composer) tested() string {
	if c.Tested == nil {
		return c.say("result.none")
	}
	at := c.Tested.At.UTC().Format("2006-01-02 15:04 UTC")
	if c.Tested.Slug == "" {
		return c.say("result.ok", "date", at)
	}
	said := c.say("result.failed", "date", at, "slug", c.Tested.Slug)
	if text, found := ask.About(c.language, c.Tested.Slug); found && !c.Tested.Ours {
		return said + " " + text
	}
	return said + " " + c.say("result.ours")
}
