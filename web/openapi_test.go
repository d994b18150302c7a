package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

type parameter struct {
	Name, In string
	Required bool
}

type document struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		Summary     string
		OperationID string `json:"operationId"`
		Parameters  []parameter
		RequestBody any
		Responses   map[string]struct{ Content map[string]any }
	}
	Components struct{ Schemas map[string]any }
}

func documented(t *testing.T) (document, string) {
	t.Helper()
	_, server := setup(t)
	status, kind, text := ask(t, server, "GET", "/api/openapi.json", "")
	if status != http.StatusOK || kind != "application/json" {
		t.Fatalf("%d %s %s", status, kind, text)
	}
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d, text
}

// Headers without which nothing is done, or that change what is answered, are described.
func TestOpenAPIDescribesHeaders(t *testing.T) {
	d, _ := documented(t)
	for where, want := range map[[2]string]parameter{
		{"/api/v1/outbox/{name}", "post"}: {"Idempotency-Key", "header", true},
		{"/api/v1/events", "get"}:         {"Last-Event-ID", "header", false},
	} {
		if got := d.Paths[where[0]][where[1]].Parameters; !slices.Contains(got, want) {
			t.Errorf("%v: %+v is not among %+v", where, want, got)
		}
	}
}

// The document and the routes are one: what is answered is described, and what is described is answered.
func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	d, text := documented(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %q", d.OpenAPI)
	}
	described, ids := map[string]bool{}, map[string]bool{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			described[strings.ToUpper(method)+" "+path] = true
			if o.Summary == "" || ids[o.OperationID] || o.OperationID == "" {
				t.Errorf("%s %s: summary %q, id %q", method, path, o.Summary, o.OperationID)
			}
			ids[o.OperationID] = true
			if strings.Contains(path, "{") && len(o.Parameters) == 0 {
				t.Errorf("%s does not say what is in its path", path)
			}
			if _, found := o.Responses["default"].Content["application/problem+json"]; !found {
				t.Errorf("%s %s does not say how it fails", method, path)
			}
		}
	}
	for _, r := range web.Routes(web.Options{}) {
		if strings.HasPrefix(r.Path, "/api/") && !described[r.Pattern()] {
			t.Errorf("%s is not described", r.Pattern())
		}
		if (r.In != nil) != (r.Method == http.MethodPost && r.Body == 0) && strings.HasPrefix(r.Path, "/api/") {
			t.Errorf("%s: what it takes is not said", r.Pattern())
		}
		delete(described, r.Pattern())
	}
	for pattern := range described {
		t.Errorf("%s is described, and nothing answers it", pattern)
	}
	for _, reference := range strings.Split(text, `"#/components/schemas/`)[1:] {
		name, _, _ := strings.Cut(reference, `"`)
		if d.Components.Schemas[name] == nil {
			t.Errorf("schema %s is referred to and not there", name)
		}
	}
}

// Routes about connections, servers and keys have examples of what is sent and answered.
func TestOpenAPIHasExamples(t *testing.T) {
	d, text := documented(t)
	examples := 0
	for path, methods := range d.Paths {
		if !strings.Contains(path, "/connections") && !strings.Contains(path, "keys") || path == "/api/v1/keys/calendar" {
			continue
		}
		for method, o := range methods {
			media, _ := o.Responses["200"].Content["application/json"].(map[string]any)
			if media["example"] == nil {
				t.Errorf("%s %s shows no answer", method, path)
			}
			examples++
		}
	}
	if examples < 10 || !strings.Contains(text, `"days":14`) {
		t.Errorf("%d examples", examples)
	}
}

// What is answered bears the fields that its schema names, and no others.
func TestAnswersAreWhatTheirSchemaSays(t *testing.T) {
	d, _ := documented(t)
	p, server := setup(t)
	_ = p
	for path, name := range map[string]string{"/api/v1/runs/9": "RunFiles", "/api/v1/files/4": "File"} {
		_, _, text := ask(t, server, "GET", path, "")
		var answer map[string]any
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		schema, _ := d.Components.Schemas[name].(map[string]any)
		properties, _ := schema["properties"].(map[string]any)
		for field := range answer {
			if properties[field] == nil {
				t.Errorf("%s answers %q, which %s does not have: %s", path, field, name, fmt.Sprint(properties))
			}
		}
		required, _ := schema["required"].([]any)
		for _, field := range required {
			if _, found := answer[fmt.Sprint(field)]; !found {
				t.Errorf("%s does not answer %q, which %s has always", path, field, name)
			}
		}
	}
}

func TestOpenAPILeavesOutWhatIsNoAPI(t *testing.T) {
	text, err := web.OpenAPI([]route.Route{{Method: "GET", Path: "/jobs", Summary: "a page"}}, "1")
	if err != nil || strings.Contains(string(text), "/jobs") {
		t.Errorf("%v %s", err, text)
	}
}
