package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
)

// A connection that is gone from the configuration is asked for by people who see that customer only: where the configuration lies is not for them.
func TestNoSheetSaysWhereTheConfigurationLies(t *testing.T) {
	_, err := control.Sheet(t.Context(), &config.Config{Path: "/etc/haulier/haulier.yaml"}, openStore(t), "gone", "1", time.Now())
	if slugOf(err) != "usage.no_such_connection" || strings.Contains(err.Error(), "/etc") || !strings.Contains(err.Error(), `"gone"`) {
		t.Errorf("%v", err)
	}
}
