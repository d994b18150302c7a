// Package config turns haulier.yaml and its includes into job.Specs, and says everything that is wrong with them at once.
//
// One table of fields (table*.go) is the truth about the language: which keys there are, what they take, their
// defaults and their help. The reader, the JSON Schema, `haulier docs`, docs/config.md and the stanzas of `haulier
// create` are all made from it. Reading has three passes: text to nodes, nodes to values by the table (keys, types,
// units, defaults), values to specs (references between connections, locations, jobs and calendars).
//
// It reads files only: no key, secret or server is touched. A secret that was written into a file in spite of all is
// never shown, neither by a message nor by the line quoted beneath it.
package config
