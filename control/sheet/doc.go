// Package sheet makes the onboarding sheet of a connection: what a customer's IT department has to allow, create and install
// so that Haulier can log in on their server, and what they have to tell us. It is one document in four forms (a page, Markdown,
// plain text, a mail) and four languages, made of facts that are gathered elsewhere; nothing in it is secret.
package sheet
