package access

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/haulier/haulier/web/route"
)

// described is what the OpenAPI document of a daemon says of its answers: for each METHOD PATH the schema of the good ones, and that of the rest.
type described struct {
	good    map[string]*jsonschema.Resolved
	problem *jsonschema.Resolved
}

// describe reads the document of a daemon.
func (s *served) describe(who asker) described {
	s.t.Helper()
	answer := s.ask(&http.Client{}, who, http.MethodGet, "/api/openapi.json")
	var document struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct{ Schema json.RawMessage }
			}
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(answer.body), &document); err != nil {
		s.t.Fatalf("%d %v", answer.status, err)
	}
	whole := func(schema json.RawMessage) *jsonschema.Resolved {
		text := string(schema)
		for _, named := range strings.Split(text, `{"$ref":"#/components/schemas/`)[1:] {
			name, _, _ := strings.Cut(named, `"}`)
			text = strings.ReplaceAll(text, `{"$ref":"#/components/schemas/`+name+`"}`, string(document.Components.Schemas[name]))
		}
		return resolved(s.t, text)
	}
	d := described{good: map[string]*jsonschema.Resolved{}, problem: whole(document.Components.Schemas["Problem"])}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			if media, found := operation.Responses["200"].Content["application/json"]; found {
				d.good[strings.ToUpper(method)+" "+path] = whole(compact(s.t, media.Schema))
			}
		}
	}
	return d
}

func compact(t testing.TB, text json.RawMessage) json.RawMessage {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func resolved(t testing.TB, text string) *jsonschema.Resolved {
	t.Helper()
	var schema jsonschema.Schema
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	all, err := schema.Resolve(nil)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return all
}

// against says how an answer differs from what the document says of its route; nil: it does not.
func (d described) against(r route.Route, answer got) error {
	kind, _, _ := strings.Cut(answer.header.Get("Content-Type"), ";")
	schema := d.good[r.Pattern()]
	switch {
	case !strings.HasPrefix(r.Path, "/api/") || r.Stream && answer.status == http.StatusOK || answer.status == 0:
		return nil
	case answer.status >= http.StatusBadRequest:
		if schema = d.problem; kind != "application/problem+json" {
			return fmt.Errorf("a refusal is of the kind %q", kind)
		}
	case kind != "application/json" || schema == nil:
		return fmt.Errorf("an answer of the kind %q, with a schema: %t", kind, schema != nil)
	}
	var value any
	if err := json.Unmarshal([]byte(answer.body), &value); err != nil {
		return err
	}
	return schema.Validate(value)
}

// What is held to the document can be refused by it.
func TestSchemasRefuse(t *testing.T) {
	d := described{good: map[string]*jsonschema.Resolved{"GET /api/v1/x": resolved(t, `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":{"not":{}}}`)}, problem: resolved(t, `{"type":"object"}`)}
	r := route.Route{Method: "GET", Path: "/api/v1/x"}
	plain, problem := http.Header{"Content-Type": {"application/json"}}, http.Header{"Content-Type": {"application/problem+json"}}
	for _, c := range []struct {
		got
		fits bool
	}{
		{got{200, plain, `{"a":"b"}`}, true}, {got{200, plain, `{"a":1}`}, false}, {got{200, plain, `{"a":"b","c":1}`}, false}, {got{200, plain, `{}`}, false},
		{got{200, http.Header{}, `{"a":"b"}`}, false}, {got{404, problem, `{}`}, true}, {got{404, plain, `{}`}, false}, {got{404, problem, `[]`}, false},
	} {
		if err := d.against(r, c.got); (err == nil) != c.fits {
			t.Errorf("%+v: %v", c.got, err)
		}
	}
}
