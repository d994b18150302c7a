package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// night is a daemon whose jobs all begin at once.
type night struct {
	errand
	socket string
}

// spend begins the jobs and returns when all have ended well.
func (n night) spend(ctx context.Context) error {
	client := socketClient(n.socket)
	defer client.CloseIdleConnections()
	if err := awake(ctx, client); err != nil {
		return err
	}
	var runs []int
	for _, a := range n.accounts {
		id, err := begin(ctx, client, "job"+a.id)
		if err != nil {
			return err
		}
		runs = append(runs, id)
	}
	for _, id := range runs {
		run, err := follow(ctx, client, id)
		if err == nil {
			err = ended(run, n.files)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func begin(ctx context.Context, client *http.Client, job string) (int, error) {
	said, err := get(ctx, client, http.MethodPost, "/api/v1/jobs/"+job+"/run", []byte(`{"by":"bench"}`))
	if err != nil {
		return 0, err
	}
	defer said.Close()
	var begun struct{ Run int }
	err = json.NewDecoder(said).Decode(&begun)
	return begun.Run, err
}

// awake waits until the daemon answers.
func awake(ctx context.Context, client *http.Client) error {
	for {
		answer, err := get(ctx, client, http.MethodGet, "/healthz", nil)
		if err == nil {
			return answer.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the daemon does not answer: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// follow reads a run's signs of life; the last one is the run as it ended.
func follow(ctx context.Context, client *http.Client, id int) (json.RawMessage, error) {
	signs, err := get(ctx, client, http.MethodGet, fmt.Sprintf("/api/v1/runs/%d/events", id), nil)
	if err != nil {
		return nil, err
	}
	defer signs.Close()
	var sign struct{ Ended json.RawMessage }
	for lines := json.NewDecoder(signs); ; {
		if err := lines.Decode(&sign); err != nil {
			return nil, fmt.Errorf("follow run %d: %w", id, err)
		}
		if sign.Ended != nil {
			return sign.Ended, nil
		}
	}
}

func get(ctx context.Context, client *http.Client, method, path string, body []byte) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://haulier"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		said, _ := io.ReadAll(answer.Body)
		return nil, errors.Join(fmt.Errorf("%s %s: %s %s", method, path, answer.Status, said), answer.Body.Close())
	}
	return answer.Body, nil
}
