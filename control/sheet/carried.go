package sheet

// files says which files go which way, and what both sides keep to.
func (c composer) files() (string, []Block) {
	var blocks []Block
	if len(c.Incoming) > 0 {
		blocks = append(blocks, text(c.say("files.fetch")), table(c.rows(c.Incoming, true)...), text(c.say("files.part")))
		for _, f := range c.Incoming {
			if f.Marker != "" {
				blocks = append(blocks, text(c.say("files.marker", "name", f.Name, "marker", f.Marker)))
			}
		}
	}
	if len(c.Outgoing) == 0 {
		return "files", blocks
	}
	blocks = append(blocks, text(c.say("files.deliver")), table(c.rows(c.Outgoing, false)...))
	rule := c.say("files.inplace")
	if c.Suffix != "" {
		rule = c.say("files.temp", "suffix", c.Suffix)
	}
	blocks = append(blocks, text(rule))
	for _, f := range c.Outgoing {
		if f.Marker != "" {
			blocks = append(blocks, text(c.say("files.done", "marker", f.Marker)))
		}
	}
	return "files", blocks
}

// rows are a table of files; what becomes of a source is the customer's affair only where it is theirs.
func (c composer) rows(all []Files, after bool) [][]string {
	head := []string{c.say("files.name"), c.say("files.folder"), c.say("files.when")}
	if after {
		head = append(head, c.say("files.after"))
	}
	rows := [][]string{head}
	for _, f := range all {
		row := []string{typed(f.Name), typed(f.Folder), c.when(f)}
		if after {
			row = append(row, c.after(f))
		}
		rows = append(rows, row)
	}
	return rows
}

func (c composer) when(f Files) string {
	if f.By == "" {
		return c.say("files.any")
	}
	days := f.Days
	if days == "" {
		days = c.say("files.everyday")
	}
	return c.say("files.by", "days", days, "by", f.By, "zone", f.Zone)
}

func (c composer) after(f Files) string {
	switch f.After {
	case MayRename:
		return c.say("files.moved", "folder", f.Target)
	case MayRemove:
		return c.say("files.removed")
	}
	return c.say("files.stays")
}
