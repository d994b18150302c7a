package sheet

// Untranslated are the faults of the translations.
func Untranslated(same ...string) []string { return book.Faults(same...) }
