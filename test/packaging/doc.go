// Package packaging tests what is shipped: the Debian package, the unit, the container and what systemd is told, by the built
// program and by the tools of those who will read it.
package packaging
