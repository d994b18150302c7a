package notify

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/haulier/haulier/job"
)

// bodyMost bounds the body of a webhook.
const bodyMost = 20_000 - 1

// bodyOf gives the body of a webhook, and its type. It is always less than 20 kB: of data that is larger, long texts and lists are
// cut, and truncated says so.
func bodyOf(format job.WebhookFormat, d job.Delivery) (body []byte, kind string) {
	data := any(d.Event.Data)
	if !json.Valid(d.Event.Data) {
		data = map[string]any{"truncated": true}
	}
	for cut := 0; ; cut++ {
		body, kind = envelope(format, d, data)
		if len(body) <= bodyMost {
			return body, kind
		}
		data = cutData(d.Event.Data, cut)
	}
}

// cuts are how long texts and lists may be, ever shorter.
var cuts = []struct{ text, list int }{{2048, 100}, {512, 20}, {128, 5}, {32, 1}}

// cutData gives the data with long parts cut; after the last cut, nothing of it.
func cutData(data json.RawMessage, cut int) any {
	var whole map[string]any
	if cut >= len(cuts) || json.Unmarshal(data, &whole) != nil {
		return map[string]any{"truncated": true}
	}
	shorter := cutAll(whole, cuts[cut].text, cuts[cut].list).(map[string]any)
	shorter["truncated"] = true
	return shorter
}

func cutAll(v any, text, list int) any {
	switch v := v.(type) {
	case string:
		if len(v) > text {
			return oneLine(v, text)
		}
		return v
	case []any:
		if len(v) > list {
			v = v[:list]
		}
		for i := range v {
			v[i] = cutAll(v[i], text, list)
		}
		return v
	case map[string]any:
		for key := range v {
			v[key] = cutAll(v[key], text, list)
		}
	}
	return v
}

func envelope(format job.WebhookFormat, d job.Delivery, data any) (body []byte, kind string) {
	at := d.Event.At.UTC().Format(time.RFC3339)
	if format != job.FormatCloudEvents {
		body, _ = json.Marshal(struct {
			Type      string `json:"type"`
			Timestamp string `json:"timestamp"`
			Data      any    `json:"data"`
		}{d.Event.Type, at, data})
		return body, "application/json"
	}
	body, _ = json.Marshal(struct {
		SpecVersion string `json:"specversion"`
		ID          string `json:"id"`
		Source      string `json:"source"`
		Type        string `json:"type"`
		Subject     string `json:"subject,omitempty"`
		Time        string `json:"time"`
		ContentType string `json:"datacontenttype"`
		Data        any    `json:"data"`
	}{"1.0", d.MessageID, sourceOf(d), d.Event.Type, subjectOf(d), at, "application/json", data})
	return body, "application/cloudevents+json"
}

func sourceOf(d job.Delivery) string {
	if d.Connection == "" {
		return "/haulier"
	}
	return "/connections/" + url.PathEscape(d.Connection)
}

// subjectOf is the file that an event is about, else its job or cause.
func subjectOf(d job.Delivery) string {
	var data struct {
		Remote struct{ Path string }
		Job    string
		Cause  string `json:"cause_key"`
	}
	_ = json.Unmarshal(d.Event.Data, &data) // what is not there is empty
	for _, s := range []string{data.Remote.Path, data.Job, data.Cause} {
		if s != "" {
			return oneLine(s, lineMost)
		}
	}
	return ""
}
