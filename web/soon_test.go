package web_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// Whoever asks too soon is told when to ask again, rounded up: a program that waits so long is not refused a second time.
func TestTooSoonSaysWhenToAskAgain(t *testing.T) {
	p, _ := setup(t)
	p.err = route.TooSoon{Wait: 60*time.Second + time.Millisecond, Reason: &job.Reason{Slug: "api.too_soon", What: "nothing was begun", Cause: "c", Do: "d", Who: job.WhoUs}}
	answer := httptest.NewRecorder()
	route.Mux(web.Routes(p.options())).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "POST", "/api/v1/connections/acme/test", strings.NewReader("{}")))
	if answer.Code != http.StatusTooManyRequests || answer.Header().Get("Retry-After") != "61" || !strings.Contains(answer.Body.String(), `"slug":"api.too_soon"`) {
		t.Errorf("%d %v %s", answer.Code, answer.Header(), answer.Body)
	}
}
