// Package docs holds the hand-written documents to what the program does, and puts what test programs found into them.
package docs
