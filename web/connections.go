package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// Connections tells how connections stand, and counts their requests.
type Connections interface {
	// Connections gives those behind a name, in order of names, and the name behind which the next part begins; empty: nowhere.
	Connections(ctx context.Context, sight job.Sight, after string, limit int) (list []Connection, next string, err error)
	Connection(ctx context.Context, name string) (ConnectionShown, error)
	// Figures counts the requests of today and the days before; 0 days: of the last 24 hours.
	Figures(ctx context.Context, name string, days int) (ConnectionFigures, error)
	PauseConnection(ctx context.Context, name, why, by string, until time.Time) error
	// ResumeConnection lets it log in again, and once more where the last login was refused.
	ResumeConnection(ctx context.Context, name, by string) error
}

// Connection is a configured connection and how it stands.
type Connection struct {
	Name        string     `json:"connection"`
	DisplayName string     `json:"display_name,omitempty"`
	Entity      string     `json:"entity,omitempty"`
	Host        string     `json:"host"`
	Port        int        `json:"port"`
	User        string     `json:"username"`
	State       string     `json:"state"` // active, draft, refused, paused or disabled
	Jobs        []string   `json:"jobs"`
	LastSuccess *time.Time `json:"last_success"` // end of the last run that succeeded
}

// ConnectionShown is a connection with all that may be told of it, and its figures.
type ConnectionShown struct {
	Connection
	Methods   []string            `json:"auth_methods"`
	Key       string              `json:"auth_key,omitempty"`
	Jump      []string            `json:"jump"`
	Locations map[string]Location `json:"locations"`
	Pause     *Paused             `json:"pause"`
	Refused   *Refused            `json:"refused"`
	Figures   *ConnectionFigures  `json:"figures,omitempty"`
}

// Location is a named folder of a connection.
type Location struct {
	Path string          `json:"path"`
	Use  job.LocationUse `json:"use"`
}

// Paused says who holds something up, and why.
type Paused struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // none: until it is resumed
}

// Refused says that a login was refused, and when the next is tried.
type Refused struct {
	Since time.Time   `json:"since"`
	Until time.Time   `json:"until"`
	Error *job.Reason `json:"error"`
}

// ConnectionList is a part of the connections.
type ConnectionList struct {
	Connections []Connection `json:"connections"`
	Next        string       `json:"next,omitempty"` // as after, for the next part; none: that was the last
}

// ConnectionFigures are the requests of a connection in a window, and the days behind the graphs.
type ConnectionFigures struct {
	Window      string   `json:"window"`
	Timezone    string   `json:"timezone"` // of the days
	Requests    Requests `json:"requests"`
	SuccessRate *float64 `json:"success_rate"` // ok of all, 0 to 1; null without requests
	Bytes       Volume   `json:"bytes"`
	Days        []Point  `json:"days,omitempty"`  // the oldest first, those without requests too
	Hours       []Point  `json:"hours,omitempty"` // of the window 24h
}

// Requests counts requests: each is one file asked for or sent, its retries folded in.
type Requests struct {
	Total    int64 `json:"total"`
	OK       int64 `json:"ok"`
	Failed   int64 `json:"failed"`
	Download Tally `json:"download"`
	Upload   Tally `json:"upload"`
}

// Tally counts requests by outcome.
type Tally struct {
	OK     int64 `json:"ok"`
	Failed int64 `json:"failed"`
}

// Volume are bytes on the wire, those of failed attempts included.
type Volume struct {
	Down int64 `json:"down"`
	Up   int64 `json:"up"`
}

// Point is a day of the three graphs, or an hour.
type Point struct {
	Date           string `json:"date"` // 2006-01-02; of an hour, when it began
	DownloadOK     int64  `json:"download_ok"`
	DownloadFailed int64  `json:"download_failed"`
	UploadOK       int64  `json:"upload_ok"`
	UploadFailed   int64  `json:"upload_failed"`
	BytesDown      int64  `json:"bytes_down"`
	BytesUp        int64  `json:"bytes_up"`
}

func (a *api) connections(r *http.Request) (any, error) {
	return listed(r, a.Connections.Connections, func(list []Connection, next string) any { return ConnectionList{list, next} })
}

func (a *api) connection(r *http.Request) (any, error) {
	window, days, err := windowOf(r)
	if err != nil {
		return nil, err
	}
	shown, err := a.Connections.Connection(r.Context(), r.PathValue("name"))
	if err != nil {
		return nil, err
	}
	figures, err := a.figured(r, window, days)
	shown.Figures = &figures
	return shown, err
}

func (a *api) figures(r *http.Request) (any, error) {
	window, days, err := windowOf(r)
	if err != nil {
		return nil, err
	}
	if _, err := a.Connections.Connection(r.Context(), r.PathValue("name")); err != nil {
		return nil, err
	}
	return a.figured(r, window, days)
}

func (a *api) figured(r *http.Request, window string, days int) (ConnectionFigures, error) {
	figures, err := a.Connections.Figures(r.Context(), r.PathValue("name"), days)
	figures.Window = window
	return figures, err
}

const (
	windowUsual = "30d"
	windowMost  = 366 // days
)

// windowOf reads how far back figures are wanted: 24h, or whole days; 0 days are the 24 hours.
func windowOf(r *http.Request) (window string, days int, err error) {
	switch window = r.URL.Query().Get("window"); window {
	case "":
		window = windowUsual
	case "24h":
		return window, 0, nil
	}
	number, isDays := strings.CutSuffix(window, "d")
	if days, err = strconv.Atoi(number); err != nil || !isDays || days < 1 || days > windowMost {
		return "", 0, badRequest{errors.New("window is 24h, or whole days from 1d to 366d")}
	}
	return strconv.Itoa(days) + "d", days, nil
}

func (a *api) pauseConnection(r *http.Request) (any, error) {
	var body Pausing
	if err := read(r, &body, &body.By); err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if err := a.Connections.PauseConnection(context.WithoutCancel(r.Context()), name, body.Reason, body.By, body.Until); err != nil {
		return nil, err
	}
	return a.Connections.Connection(r.Context(), name)
}

func (a *api) resumeConnection(r *http.Request) (any, error) {
	body, err := asked(r)
	if err != nil {
		return nil, err
	}
	name := r.PathValue("name")
	if err := a.Connections.ResumeConnection(context.WithoutCancel(r.Context()), name, body.By); err != nil {
		return nil, err
	}
	return a.Connections.Connection(r.Context(), name)
}
