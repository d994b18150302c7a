package web

import (
	"cmp"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/haulier/haulier/web/route"
)

// OpenAPI describes routes as an OpenAPI 3.1 document: those under /api/, in their order.
func OpenAPI(routes []route.Route, version string) ([]byte, error) {
	d := describer{map[string]any{}}
	paths := map[string]map[string]any{}
	for _, r := range routes {
		if !strings.HasPrefix(r.Path, "/api/") {
			continue
		}
		if paths[r.Path] == nil {
			paths[r.Path] = map[string]any{}
		}
		paths[r.Path][strings.ToLower(r.Method)] = d.operation(r)
	}
	d.schema(Problem{})
	return json.MarshalIndent(map[string]any{
		"openapi": "3.1.0",
		"info": map[string]any{
			"title": "Haulier", "version": version,
			"description": "What a person or a program may ask of Haulier. Times are UTC, ISO 8601; sizes are bytes. Every failure is application/problem+json (RFC 9457) with what happened to the data, the cause, what to do and who must act.",
		},
		"paths": paths,
		"components": map[string]any{
			"schemas":         d.schemas,
			"securitySchemes": map[string]any{"token": map[string]any{"type": "http", "scheme": "bearer", "description": "A token of `haulier tokens create`, with a role and an end."}},
		},
		"security": []any{map[string]any{"token": []string{}}},
	}, "", "  ")
}

// special are types whose JSON is not what their fields say.
var special = &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[json.RawMessage](): {Description: "any JSON"},
	reflect.TypeFor[time.Duration]():   {Type: "integer", Description: "nanoseconds"},
}}

// describer gathers the schemas that operations refer to, by the names of their types.
type describer struct{ schemas map[string]any }

// parametersIn describes parameters of the query, or headers.
func parametersIn(place string, list []route.Param) (described []any) {
	for _, p := range list {
		described = append(described, map[string]any{"name": p.Name, "in": place, "description": p.Says, "required": p.Needed, "schema": map[string]any{"type": "string"}})
	}
	return described
}

var inPath = regexp.MustCompile(`\{([a-z]+)\}`)

func (d describer) operation(r route.Route) map[string]any {
	o := map[string]any{"summary": r.Summary, "operationId": operationID(r), "x-role": r.Role, "responses": d.responses(r)}
	parameters := []any{}
	for _, hit := range inPath.FindAllStringSubmatch(r.Path, -1) {
		schema := map[string]any{"type": "string"}
		if hit[1] == "id" {
			schema = map[string]any{"type": "integer", "minimum": 1}
		}
		parameters = append(parameters, map[string]any{"name": hit[1], "in": "path", "required": true, "schema": schema})
	}
	parameters = append(parameters, parametersIn("query", r.Query)...)
	parameters = append(parameters, parametersIn("header", r.Headers)...)
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	if r.In != nil {
		o["requestBody"] = map[string]any{"required": true, "content": map[string]any{"application/json": d.media(r.In)}}
	}
	if r.Takes != "" {
		content := map[string]any{}
		for kind := range strings.SplitSeq(r.Takes, ", ") {
			content[kind] = map[string]any{}
		}
		o["requestBody"] = map[string]any{"required": true, "content": content}
	}
	return o
}

// operationID is a name for programs that are made from the document: postRunsIdRetry.
func operationID(r route.Route) string {
	id := strings.ToLower(r.Method)
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(strings.TrimPrefix(r.Path, "/api/"), "v1/"), func(c rune) bool { return strings.ContainsRune("/{}-._", c) }) {
		id += strings.ToUpper(part[:1]) + part[1:]
	}
	return id
}

func (d describer) responses(r route.Route) map[string]any {
	good := map[string]any{"description": "done"}
	switch {
	case r.Stream:
		good["content"] = map[string]any{"application/x-ndjson": map[string]any{"schema": d.schema(r.Out)}}
	case r.Out != nil:
		good["content"] = map[string]any{"application/json": d.media(r.Out)}
	case r.File:
		good["content"] = map[string]any{"application/octet-stream": map[string]any{}}
	}
	for _, kind := range r.Also {
		good["content"].(map[string]any)[kind] = map[string]any{"schema": map[string]any{"type": "string"}}
	}
	return map[string]any{
		strconv.Itoa(http.StatusOK): good,
		"default":                   map[string]any{"description": "not done, and why", "content": map[string]any{"application/problem+json": map[string]any{"schema": d.schema(Problem{})}}},
	}
}

// media describes JSON by a value of its type, which is an example unless nothing is in it.
func (d describer) media(value any) map[string]any {
	media := map[string]any{"schema": d.schema(value)}
	if v := reflect.ValueOf(value); !v.IsZero() && (v.Kind() != reflect.Map && v.Kind() != reflect.Slice || v.Len() > 0) {
		media["example"] = value
	}
	return media
}

// schema gives a reference to the schema of a value's type, which it gathers with all that it refers to.
func (d describer) schema(value any) any {
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Map && t.Name() == "" {
		return map[string]any{"type": "object"}
	}
	if t.Kind() == reflect.Slice && t.Name() == "" {
		return map[string]any{"type": "array", "items": d.schema(reflect.Zero(t.Elem()).Interface())}
	}
	if _, known := d.schemas[t.Name()]; !known {
		schema, err := jsonschema.ForType(t, special)
		if err != nil {
			panic(err) // of our own types: a test asks for all of them
		}
		nullable(t, schema)
		d.schemas[t.Name()] = schema
	}
	return map[string]string{"$ref": "#/components/schemas/" + t.Name()}
}

// nullable has the schema of a type say where it may be null. Of pointers to types that have a schema of their own, such as times, the library
// does not.
func nullable(t reflect.Type, s *jsonschema.Schema) {
	switch t.Kind() {
	case reflect.Pointer:
		if s.Type != "" {
			s.Types, s.Type = []string{"null", s.Type}, ""
		}
		nullable(t.Elem(), s)
	case reflect.Slice, reflect.Map:
		if of := cmp.Or(s.Items, s.AdditionalProperties); of != nil {
			nullable(t.Elem(), of)
		}
	case reflect.Struct:
		for _, field := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if of := s.Properties[name]; of != nil {
				nullable(field.Type, of)
			}
		}
	}
}
