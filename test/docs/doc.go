// Package docs holds the hand-written documents to what the program does.
package docs
