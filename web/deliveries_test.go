package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

func (p *ports) ListDeliveries(_ context.Context, which job.Deliveries) ([]job.Delivery, error) {
	p.which = which
	return []job.Delivery{{ID: 9, Channel: "hook", State: job.DeliveryFailed, MessageID: "msg_1", Detail: "channel.refused: it answered 500"}}, p.err
}

func (p *ports) Redeliver(_ context.Context, id int64, by string) error {
	p.asked = job.Run{ID: id, By: by}
	return p.err
}

func TestDeliveries(t *testing.T) {
	p, _ := setup(t)
	mux := route.Mux(web.Routes(web.Options{Runner: p, Keeper: p, Reader: p, Outbox: p}))
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		who := route.Identity{Name: "ann", Role: route.Operator, Sight: job.Sight{"acme-nv"}}
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequestWithContext(route.With(t.Context(), who), method, path, strings.NewReader(body)))
		return answer
	}
	answer := ask("GET", "/api/v1/deliveries?channel=hook&state=failed&since=2026-11-24T00:00:00Z&before=7&limit=3", "")
	want := job.Deliveries{Sight: job.Sight{"acme-nv"}, Channel: "hook", State: "failed", Since: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), Before: 7, Limit: 3}
	if answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"webhook_id":"msg_1"`) || len(p.which.Sight) != 1 || p.which.Sight[0] != "acme-nv" ||
		p.which.Channel != want.Channel || p.which.State != want.State || !p.which.Since.Equal(want.Since) || p.which.Before != 7 || p.which.Limit != 3 {
		t.Errorf("%d %s, asked for %+v", answer.Code, answer.Body, p.which)
	}
	for _, bad := range []string{"since=yesterday", "before=x", "limit=x"} {
		if answer := ask("GET", "/api/v1/deliveries?"+bad, ""); answer.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, answer.Code)
		}
	}
	if answer := ask("POST", "/api/v1/deliveries/9/redeliver", `{"by":"the-boss"}`); answer.Code != http.StatusOK || p.asked.ID != 9 || p.asked.By != "ann" {
		t.Errorf("%d, asked %+v", answer.Code, p.asked)
	}
	p.err = job.ErrNotFound
	if answer := ask("POST", "/api/v1/deliveries/9/redeliver", `{"by":"x"}`); answer.Code != http.StatusNotFound {
		t.Errorf("%d", answer.Code)
	}
}
