package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// dump prints a value field by field, zero fields left out.
func dump(v any) string {
	var b strings.Builder
	dumpInto(&b, reflect.ValueOf(v), "  ")
	return fmt.Sprintf("%T%s", v, b.String())
}

func dumpInto(b *strings.Builder, v reflect.Value, indent string) {
	if v.IsValid() && v.CanInterface() {
		switch x := v.Interface().(type) {
		case *time.Location, time.Time, time.Duration, fmt.Stringer:
			fmt.Fprintf(b, " %v", x)
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer:
		dumpInto(b, v.Elem(), indent)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); !f.IsZero() {
				fmt.Fprintf(b, "\n%s%s", indent, v.Type().Field(i).Name)
				dumpInto(b, f, indent+"  ")
			}
		}
	case reflect.Map:
		for _, key := range slices.Sorted(maps.Keys(keysOf(v))) {
			fmt.Fprintf(b, "\n%s%s:", indent, key)
			dumpInto(b, keysOf(v)[key], indent+"  ")
		}
	case reflect.Slice:
		for i := range v.Len() {
			fmt.Fprintf(b, "\n%s-", indent)
			dumpInto(b, v.Index(i), indent+"  ")
		}
	default:
		fmt.Fprintf(b, " %v", v)
	}
}

func keysOf(v reflect.Value) map[string]reflect.Value {
	m := map[string]reflect.Value{}
	for _, key := range v.MapKeys() {
		m[fmt.Sprint(key)] = v.MapIndex(key)
	}
	return m
}
