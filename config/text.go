package config

// CheckText says what is wrong with a configuration that somebody sent from elsewhere. Nothing but the text is looked at: no
// file, which includes are refused for, no variable of the environment and no store. Messages call it by name.
func CheckText(text []byte, name string, o Options) Problems {
	o.NoFiles, o.Known = true, Known{}
	o.Env = func(string) (string, bool) { return "not looked at", true }
	main := &source{name: name}
	r := &reader{sources: []*source{main}}
	r.problems.Files = 1
	r.parse(main, text)
	if main.root != nil {
		for _, n := range includes(main.root) {
			r.fail(main.of(n), "E-INCLUDE", "include: a text that is sent to be checked stands alone; %s is not read", quoted(n.Value))
		}
	}
	_, problems := r.config("/"+name, o)
	return problems
}
