// Package rules holds the rules and the dashboard that are shipped to what Prometheus itself makes of them.
package rules
