package page

import (
	"fmt"
	"net/http"
)

// auditPage is how many lines of the audit list a page shows.
const auditPage = 100

type auditShown struct {
	Lines []AuditLine
	Older int64 // the way to older lines; 0: none
}

// audit shows what people did, the latest first.
func (p *pages) audit(r *http.Request) (view, error) {
	var before int64
	_, _ = fmt.Sscan(r.URL.Query().Get("before"), &before)
	lines, err := p.Details.Audit(r.Context(), before, auditPage)
	shown := auditShown{Lines: lines}
	if len(lines) == auditPage {
		shown.Older = lines[auditPage-1].ID
	}
	return view{Title: "Audit list", Body: "audit", Data: shown}, err
}
