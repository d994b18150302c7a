// Package web shows and triggers: the JSON API of the daemon, on its socket, and the metrics endpoint.
//
// It knows neither the scheduler nor the store: what it shows and triggers comes through the small ports of this
// package, in terms of package job. Failures are answered as problem+json (RFC 9457) that carries the failure object.
package web
