package store

import (
	"strings"

	"gorm.io/gorm"
)

// fewMost is how many rows an index may find before a list is sorted: more would be found soon by looking at one row after the other.
const fewMost = 5000

// lastPart is as the index files_final has it.
const lastPart = `replace(CAST(final AS TEXT), rtrim(CAST(final AS TEXT), replace(CAST(final AS TEXT), '/', '')), '')`

// named narrows rows of files, f, to those whose name or final name matches.
func named(db *gorm.DB, glob string) *gorm.DB {
	return db.Where("(CAST(f.name AS TEXT) GLOB ? OR CAST(f.final AS TEXT) GLOB ? OR CAST(f.final AS TEXT) GLOB ?)", glob, "*/"+glob, glob)
}

// byName finds files whose name, or final name, matches a pattern that begins with plain letters: they lie together in the indexes.
type byName struct{ glob, from, to string }

// byNameOf gives nothing where the names may lie anywhere.
func byNameOf(glob string) (byName, bool) {
	from := glob
	if i := strings.IndexAny(glob, "*?["); i >= 0 {
		from = glob[:i]
	}
	to, bounded := after(from)
	return byName{glob, from, to}, bounded && !strings.Contains(glob, "/")
}

// after gives the first text behind all that begin like this one.
func after(prefix string) (string, bool) {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1]), true
		}
	}
	return "", false
}

// ids selects the files.
func (n byName) ids(db *gorm.DB) *gorm.DB {
	return db.Raw(`SELECT id FROM files INDEXED BY files_name WHERE name >= ? AND name < ? AND CAST(name AS TEXT) GLOB ?
		UNION SELECT id FROM files INDEXED BY files_final WHERE final <> x'' AND `+lastPart+` >= ? AND `+lastPart+` < ? AND `+lastPart+` GLOB ?`,
		raw(n.from), raw(n.to), n.glob, n.from, n.to, n.glob)
}

// few says whether so few files begin like the pattern that all of them can be looked at; those that do not lie together are many.
func (n byName) few(db *gorm.DB, together bool) (bool, error) {
	if !together {
		return false, nil
	}
	var count int
	err := db.Raw(`SELECT (SELECT count(*) FROM (SELECT 1 FROM files INDEXED BY files_name WHERE name >= ? AND name < ? LIMIT ?))
		+ (SELECT count(*) FROM (SELECT 1 FROM files INDEXED BY files_final WHERE final <> x'' AND `+lastPart+` >= ? AND `+lastPart+` < ? LIMIT ?))`,
		raw(n.from), raw(n.to), fewMost+1, n.from, n.to, fewMost+1).Scan(&count).Error
	return count <= fewMost, err
}
