// Package page is the dashboard: pages rendered here that work without JavaScript, patched while they are looked at.
//
// A screen is a path, a function that gathers what is shown, and a template. Parts of a template that change by themselves are
// regions: rendered again while somebody looks, and sent when they differ. Whatever a page shows comes through the ports of
// Options; who may ask is seen to before, and every list is narrowed here to what who asks may see.
package page
