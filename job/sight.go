package job

import "slices"

// Sight is whose data somebody may see: that of the connections of these entities. Nil is all of them, those of no entity
// included; empty is none.
type Sight []string

// Whole says whether everything is seen.
func (s Sight) Whole() bool { return s == nil }

// Sees says whether the data of an entity is seen.
func (s Sight) Sees(entity string) bool { return s == nil || slices.Contains(s, entity) }
