package job

import "time"

// Delivery is one event that is to be told to one channel, or to one of its recipients, and how far that has come.
type Delivery struct {
	ID         int64
	Channel    string
	Recipient  string   // mail: the address; empty: the channel has one target
	Contact    bool     // the recipient is a contact of the connection, not one of ours
	Event      Event    // Data only where it is to be sent
	Connection string   // that the event is about; empty: none
	Incident   int64    // that an alert tells of; 0: none
	Feed       bool     // the channel is told only because it asks for such events
	Hearers    *Hearers // while it is made: they, whoever they are, instead of one channel
	MessageID  string   // the same in every attempt
	State      DeliveryState
	Attempts   int // made, in all
	Rung       int // attempts of the ladder that failed; a redelivery begins a new ladder
	Made       time.Time
	Last       time.Time // last attempt; zero: none yet
	Next       time.Time // next attempt; zero: none is to come
	Status     int       // last answer: of HTTP or SMTP; 0: none
	Detail     string    // of the last attempt; printable and bounded, without secrets
}

// Hearers are those who have heard of an incident: whoever was told that it began, or was reminded of it, by themselves or
// standing in for others.
type Hearers struct {
	Contacts bool     // contacts of the customer among them
	Feeds    []string // channels that count also where they were told only because they ask for such events
	Except   []string // channels that do not want to know
	Else     []string // channels to tell where none of ours is left
	Anyway   bool     // those of Else are told also where some are: there is something that the hearers were not told
}

// DeliveryState is how a delivery stands.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending  DeliveryState = "pending"  // not tried yet
	DeliverySent     DeliveryState = "sent"     // taken by the other side
	DeliveryFailed   DeliveryState = "failed"   // tried, and to be tried again
	DeliveryDisabled DeliveryState = "disabled" // given up: the ladder has ended, or the channel is dead
	DeliveryDropped  DeliveryState = "dropped"  // the channel or the recipient is not in the configuration any more
)

// Attempt is what one try to deliver came to.
type Attempt struct {
	Delivery int64
	Reason   *Reason   // nil: it was taken
	Status   int       // answer of HTTP or SMTP; 0: none
	Detail   string    // of a good attempt
	Next     time.Time // when it is tried again; zero after a failure: never
	Gone     bool      // the other side wants nothing more, ever
	Dropped  bool      // there is nobody any more to deliver it to
}

// Outlet is as much of a channel as the outbox knows.
type Outlet struct {
	Name       string
	Fallback   string
	Recipients []string // empty: one target without a name
	Mark       string   // digest of its configuration: another one gives a dead channel a new chance
}

// Deliveries says which deliveries are meant. Zero fields leave nothing out.
type Deliveries struct {
	Sight   Sight
	Channel string
	State   DeliveryState
	Since   time.Time // made at or after
	Before  int64     // id; for pages
	Limit   int
}
