// Package access asks every route of the daemon as everybody: each role, each tenant, by session and by token. The routes come
// from the lists themselves, so that a new one is asked as soon as it is there.
package access
