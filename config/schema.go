package config

import (
	"encoding/json"
	"fmt"

	"github.com/haulier/haulier/job"
)

type schema map[string]any

// Schema gives the JSON Schema (draft 7, which editors know best) of haulier.yaml and of what it includes.
func Schema() ([]byte, error) {
	root := table.schema("")
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "haulier.yaml"
	delete(root, "required") // included files lack what haulier.yaml says
	root["definitions"] = schema{
		"import": jobSchema(job.TypeImport),
		"export": jobSchema(job.TypeExport),
		"secret": secretSchema(),
	}
	channels, _ := table.row("channels", "")
	for _, t := range typesOf(channels) {
		root["definitions"].(schema)["channel-"+t] = entrySchema(channels, t)
	}
	b, err := json.MarshalIndent(root, "", "  ")
	return append(b, '\n'), err
}

func jobSchema(t job.Type) schema {
	row, _ := table.row("jobs", "")
	return entrySchema(row, string(t))
}

// entrySchema describes what stands under a name, for things of one type.
func entrySchema(dict *field, t string) schema {
	s := dict.item.schema(job.Type(t))
	s["properties"].(schema)["type"] = schema{"const": t, "description": list(typesOf(dict), "or")}
	return s
}

func typesOf(dict *field) []string {
	typed, _ := dict.item.row("type", "")
	return typed.words
}

// typedSchema describes what stands under a name whose type decides.
func typedSchema(dict *field) schema {
	types := typesOf(dict)
	forms := make([]schema, len(types))
	for i, t := range types {
		forms[i] = schema{"$ref": "#/definitions/channel-" + t}
	}
	return schema{"type": "object", "required": []string{"type"}, "properties": schema{"type": schema{"enum": types}}, "anyOf": forms}
}

func secretSchema() schema {
	sources := schema{}
	for _, source := range secretSources {
		sources[source] = schema{"type": "string", "description": secretSource[source]}
	}
	return schema{"type": "object", "properties": sources, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}
}

var secretSource = map[string]string{"env": "environment variable", "file": "path of a file", "credential": "systemd credential",
	"stored": "name given to haulier secrets set"}

// schema describes a field for jobs of the given type.
func (f *field) schema(t job.Type) schema {
	s := f.shape(t)
	if help := f.help; help != "" {
		if absent := f.absent(); absent != "" && !f.need {
			help += " Default: " + absent + "."
		}
		s["description"] = help
	}
	return s
}

func (f *field) shape(t job.Type) schema {
	switch f.kind {
	case kObject:
		return f.objectSchema(t)
	case kDict:
		return f.dictSchema()
	case kList:
		return f.listSchema(t)
	case kUnion:
		var forms []schema
		for i := range f.alts {
			forms = append(forms, f.alts[i].schema(t))
		}
		return schema{"anyOf": forms}
	case kWord:
		return schema{"enum": f.words}
	case kSecret:
		return schema{"$ref": "#/definitions/secret"}
	case kFlag:
		return schema{"type": "boolean"}
	case kCount:
		return f.countSchema()
	case kDays:
		return schema{"anyOf": []schema{{"type": "string"}, {"type": "array", "items": schema{"type": "string"}}}}
	}
	return textSchema(f.kind)
}

func (f *field) objectSchema(t job.Type) schema {
	properties, required := schema{}, []string{}
	for i := range f.fields {
		row := &f.fields[i]
		if row.later != "" || row.only != "" && t != "" && row.only != t {
			continue
		}
		properties[row.key] = row.schema(t)
		if row.need {
			required = append(required, row.key)
		}
	}
	s := schema{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false, "patternProperties": schema{"^x-": schema{}}}
	if len(required) > 0 {
		s["type"], s["required"] = "object", required
	}
	return s
}

func (f *field) dictSchema() schema {
	item := f.item.schema("")
	if f.key == "channels" {
		item = typedSchema(f)
	}
	if f.key == "jobs" {
		item = schema{
			"type": "object", "required": []string{"type"}, "properties": schema{"type": schema{"enum": []string{"import", "export"}}},
			"if":   schema{"properties": schema{"type": schema{"const": "export"}}},
			"then": schema{"$ref": "#/definitions/export"}, "else": schema{"$ref": "#/definitions/import"},
		}
	}
	names := namePattern.String()
	if f.key == "locations" {
		names = refPattern.String()
	}
	s := schema{"type": []string{"object", "null"}, "additionalProperties": item, "propertyNames": schema{"pattern": names}}
	if f.key != "locations" {
		s["patternProperties"] = schema{"^x-": schema{}}
	}
	return s
}

func (f *field) listSchema(t job.Type) schema {
	item := f.item.schema(t)
	array := schema{"type": []string{"array", "null"}, "items": item}
	if f.need {
		array["type"], array["minItems"] = "array", 1
	}
	if !f.single {
		return array
	}
	return schema{"anyOf": []schema{item, array}}
}

func (f *field) countSchema() schema {
	s := schema{"type": "integer", "minimum": f.min}
	if f.max > 0 {
		s["maximum"] = f.max
	}
	return s
}

// patterns are the forms that a regular expression can hold; the others are judged by check alone.
var patterns = map[kind]string{
	kName: namePattern.String(), kRef: refPattern.String(), kClock: clockPattern.String(),
	kDuration: `^0$|^(\d+(\.\d+)?(ms|s|m|h|d|w))+$`, kSize: `^0$|` + sizePattern.String(), kRate: `^0$|^\d+(\.\d+)?([kKMGTP]i?)?B/s$`,
	kSuffix: fmt.Sprintf(`^[^/\\]{1,%d}$`, suffixMost), kDate: `^\d{4}-\d{2}-\d{2}$`, kAddress: `^[^@/]+:\d+$`,
}

func textSchema(k kind) schema {
	s := schema{"type": "string", "minLength": 1}
	switch k {
	case kText, kRef:
		s["type"] = []string{"string", "number"} // a user that is a number needs no quotes
	case kDuration, kSize, kRate:
		return schema{"anyOf": []schema{{"type": "string", "pattern": patterns[k]}, {"const": 0}}}
	}
	if pattern := patterns[k]; pattern != "" {
		s["pattern"] = pattern
	}
	return s
}
