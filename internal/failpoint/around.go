package failpoint

import "errors"

// Around does one durable act between the two moments of a failpoint.
func Around(name string, act func() error) error {
	if !Enabled {
		return act()
	}
	if err := Hit(name + ".before"); err != nil {
		return err
	}
	return errors.Join(act(), Hit(name))
}
