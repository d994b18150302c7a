// Package pages looks at the dashboard in a browser: with scripts and without, in light and dark, on a desk and on a phone, by keys alone,
// and with axe-core for people who do not see it.
package pages
