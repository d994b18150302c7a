package config

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// validator is as much of JSON Schema as ours uses. A keyword that it does not know fails the test.
type validator struct {
	root map[string]any
}

var ignoredKeywords = []string{"$schema", "title", "description", "definitions", "then", "else"}

// errors lists what a value breaks of a schema.
func (v validator) errors(s map[string]any, x any, at string) []string {
	var bad []string
	for keyword, want := range s {
		if !slices.Contains(ignoredKeywords, keyword) {
			bad = append(bad, v.keyword(s, keyword, want, x, at)...)
		}
	}
	return bad
}

func (v validator) keyword(s map[string]any, keyword string, want, x any, at string) []string {
	object, isObject := x.(map[string]any)
	array, isArray := x.([]any)
	text, isText := x.(string)
	number, isNumber := x.(float64)
	no := func(broken bool) []string {
		if broken {
			return []string{fmt.Sprintf("%s: %v breaks %s %v", at, x, keyword, want)}
		}
		return nil
	}
	var bad []string
	switch keyword {
	case "$ref":
		name := strings.TrimPrefix(want.(string), "#/definitions/")
		return v.errors(v.root["definitions"].(map[string]any)[name].(map[string]any), x, at)
	case "type":
		return no(!typeFits(want, x))
	case "const":
		return no(!reflect.DeepEqual(want, x))
	case "enum":
		return no(!slices.Contains(want.([]any), x))
	case "pattern":
		return no(isText && !regexp.MustCompile(want.(string)).MatchString(text))
	case "minLength":
		return no(isText && text == "")
	case "minimum":
		return no(isNumber && number < want.(float64))
	case "maximum":
		return no(isNumber && number > want.(float64))
	case "minItems":
		return no(isArray && len(array) < int(want.(float64)))
	case "minProperties":
		return no(isObject && len(object) < int(want.(float64)))
	case "maxProperties":
		return no(isObject && len(object) > int(want.(float64)))
	case "required":
		for _, key := range want.([]any) {
			if _, ok := object[key.(string)]; isObject && !ok {
				bad = append(bad, fmt.Sprintf("%s lacks %v", at, key))
			}
		}
	case "items":
		for i, item := range array {
			bad = append(bad, v.errors(want.(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case "anyOf":
		for _, alt := range want.([]any) {
			if len(v.errors(alt.(map[string]any), x, at)) == 0 {
				return nil
			}
		}
		return []string{fmt.Sprintf("%s: %v fits no alternative", at, x)}
	case "if":
		branch := "else"
		if len(v.errors(want.(map[string]any), x, at)) == 0 {
			branch = "then"
		}
		return v.errors(s[branch].(map[string]any), x, at)
	case "propertyNames":
		for key := range object {
			bad = append(bad, v.errors(want.(map[string]any), key, at+"."+key)...)
		}
	case "properties", "patternProperties", "additionalProperties":
		if keyword == "additionalProperties" && isObject {
			for key, child := range object {
				bad = append(bad, v.property(s, key, child, at+"."+key)...)
			}
		}
		if keyword == "properties" && s["additionalProperties"] == nil {
			for key, child := range want.(map[string]any) {
				if inside, ok := object[key]; ok {
					bad = append(bad, v.errors(child.(map[string]any), inside, at+"."+key)...)
				}
			}
		}
	default:
		return []string{"the schema uses " + keyword + ", which this test does not know"}
	}
	return bad
}

func (v validator) property(s map[string]any, key string, x any, at string) []string {
	if properties, ok := s["properties"].(map[string]any); ok && properties[key] != nil {
		return v.errors(properties[key].(map[string]any), x, at)
	}
	if patterns, ok := s["patternProperties"].(map[string]any); ok {
		for pattern := range patterns {
			if regexp.MustCompile(pattern).MatchString(key) {
				return nil
			}
		}
	}
	if more, ok := s["additionalProperties"].(map[string]any); ok {
		return v.errors(more, x, at)
	}
	return []string{at + " is not known"}
}

func typeFits(want, x any) bool {
	if several, ok := want.([]any); ok {
		return slices.ContainsFunc(several, func(one any) bool { return typeFits(one, x) })
	}
	switch x := x.(type) {
	case nil:
		return want == "null"
	case bool:
		return want == "boolean"
	case string:
		return want == "string"
	case float64:
		return want == "number" || want == "integer" && x == float64(int64(x))
	case []any:
		return want == "array"
	case map[string]any:
		return want == "object"
	}
	return false
}

// document reads YAML as an editor would: to JSON's types, merges resolved, days as text.
func document(t *testing.T, text []byte) any {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	untag(&doc)
	var v any
	if err := doc.Decode(&v); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func untag(n *yaml.Node) {
	if n.Tag == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		untag(child)
	}
}

func ourSchema(t *testing.T) validator {
	t.Helper()
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(b, &root); err != nil {
		t.Fatal(err)
	}
	return validator{root}
}

func TestSchemaTakesWhatLoadTakes(t *testing.T) {
	v := ourSchema(t)
	files := append(fixtures(t, "testdata/good/*.yaml"), fixtures(t, "testdata/good/*.d/*.yaml")...)
	files = append(files, fixtures(t, "../examples/*/haulier.yaml")...)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range v.errors(v.root, document(t, text), name(file)) {
			t.Error(bad)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	v := ourSchema(t)
	for _, text := range []string{
		"connections: {acme: {hots: x}}",
		"conections: {}",
		"version: 2",
		"jobs: {night: {type: sync}}",
		"jobs: {night: {type: import, connection: acme, from: {dir: /x, match: x}, to: {dir: /y}}}",
		"jobs: {night: {type: export, connection: acme, from: {dir: /x, match: x}, to: {location: y}, claim: rename}}",
		"jobs: {Night: {type: export, connection: acme, from: {dir: /x, match: x}, to: {location: y}}}",
		"jobs: {night: {type: export, connection: acme, from: {dir: /x, match: x}, to: {location: y}, catch_up: 30}}",
		"connections: {acme: {host: h, username: u, auth: {methods: [password], password: hunter2}, locations: {a: /}}}",
		"connections: {acme: {host: h, username: u, auth: {methods: [password], password: {env: A, file: B}}, locations: {a: /}}}",
		"channels: {ops: {type: email}}",
		"channels: {ops: {type: pigeon}}",
		"channels: {ops: {type: webhook, url: 'https://x.example', signing_secret: whsec_plain}}",
		"channels: {ops: {type: webhook, url: 'https://x.example', signing_secret: {env: A}, to: [a@b.example]}}",
		"defaults: {limits: {max_file_size: 10}}",
	} {
		if len(v.errors(v.root, document(t, []byte(text)), "")) == 0 {
			t.Errorf("the schema takes %s", text)
		}
	}
}
