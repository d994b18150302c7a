// Package access holds every request from the network to its route: it finds out who asks, whether the role is enough and
// whether the object is theirs, before the handler is called. It also has the logins: local users, bearer tokens, OpenID
// Connect, and a proxy that names the user.
//
// What is in its list of routes and open to nobody who has not logged in stays so by itself; a route that is not in a list
// is not answered.
package access
