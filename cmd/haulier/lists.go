package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/store"
)

// lists is a command that shows all of a kind that the store has.
func lists[T any](a *app, short string, all func(*store.Store, context.Context) ([]T, error), show func(T) error) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: short,
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			found, err := all(s, cmd.Context())
			if err != nil {
				return err
			}
			for _, one := range found {
				if err := show(one); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
