// Package examples holds one complete configuration for each of five integrations: a marketing platform (actito), a
// workforce platform (ento), a billing service (emersion), a PUT-only HR service (nectar) and a survey platform
// (experience). A test loads each, so they cannot rot.
package examples
