package interop

// behaviour is one thing that is asked of every server.
type behaviour struct {
	name string // group.what
	says string // in a sentence, as it stands in the table
	// want is what an ordinary server comes to, "works" if empty.
	want string
	do   func(v *visit)
}

// behaviours is the list.
func behaviours() []behaviour {
	var all []behaviour
	for _, group := range [][]behaviour{logins, looks, importing, exporting, requests, broken} {
		all = append(all, group...)
	}
	return all
}
