package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
)

// raw is text that came from outside: its bytes are kept as they are, valid UTF-8 or not.
type raw string

// Value gives the bytes; empty is not NULL.
func (r raw) Value() (driver.Value, error) { return append([]byte{}, r...), nil }

// Scan takes the bytes.
func (r *raw) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*r = ""
	case []byte:
		*r = raw(v)
	case string:
		*r = raw(v)
	default:
		return fmt.Errorf("a column of bytes holds %T", v)
	}
	return nil
}

// micros and instant map the zero time to 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(v int64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

// reasonDoc keeps of a reason what JSON for people leaves out.
type reasonDoc struct {
	*job.Reason
	Temporary bool `json:"temporary,omitempty"`
	Unknown   bool `json:"unknown,omitempty"`
}

func reasonText(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return jsonText(reasonDoc{Reason: r, Temporary: r.Temporary, Unknown: r.Unknown})
}

func reasonFrom(text string) *job.Reason {
	if text == "" {
		return nil
	}
	doc := reasonDoc{Reason: &job.Reason{}}
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return &job.Reason{Slug: "local.store_damaged", What: "The reason can no longer be read", Cause: err.Error(), Who: job.WhoUs}
	}
	doc.Reason.Temporary, doc.Reason.Unknown = doc.Temporary, doc.Unknown
	return doc.Reason
}

func slugOf(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return r.Slug
}

// jsonText is for values that always can be encoded.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // a type of ours that JSON cannot hold: a mistake in this package
	}
	return string(b)
}
