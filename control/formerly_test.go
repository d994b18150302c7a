package control_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

type renamer func(old, new string) error

func (r renamer) Rename(_ context.Context, old, new string) error { return r(old, new) }

func TestTwoHistoriesAreAMistakeOfTheConfiguration(t *testing.T) {
	jobs := []job.Spec{{Name: "plain"}, {Name: "new", Formerly: "old"}}
	var asked string
	err := control.CarryOn(t.Context(), renamer(func(old, new string) error {
		asked += old + ">" + new
		return fmt.Errorf("carry on: %w", job.ErrExists)
	}), jobs)
	var reason *job.Reason
	if !errors.As(err, &reason) || reason.Slug != "config.two_histories" || reason.Do != "take `formerly: old` out of job \"new\"" || asked != "old>new" {
		t.Errorf("asked %s, %v", asked, err)
	}
}
