package sheet

// Faults are those of the translations.
func Faults(same ...string) []string { return book.Faults(same...) }
