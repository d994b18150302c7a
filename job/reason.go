package job

// Reason is the failure object: what every failure says, wherever it is shown. It is an error.
//
// Slug is AREA.NAME; the area decides the exit code. All texts are for a tired person: What says first what happened
// to the data, Cause why, Do the next step with at most one command, Who whose turn it is.
type Reason struct {
	Slug  string `json:"slug"`
	What  string `json:"what"`
	Cause string `json:"cause"`
	Do    string `json:"do"`
	Who   Who    `json:"who"`

	// Technical is the raw text of a library or server, sanitised and without secrets.
	Technical string `json:"technical,omitempty"`

	// Temporary says that the same act may succeed later without anybody's help (network, busy server): it takes the
	// retry ladder.
	Temporary bool `json:"-"`
	// Unknown says that the request was sent and its answer lost: it may or may not have taken effect.
	Unknown bool `json:"-"`
	// Err is the cause for errors.Is and errors.As: fs.ErrNotExist, fs.ErrPermission, fs.ErrExist, context.Canceled …
	Err error `json:"-"`
}

// Who is the one whose turn it is.
type Who string

// The parties.
const (
	WhoUs       Who = "us"
	WhoCustomer Who = "customer"
	WhoNetwork  Who = "network" // the customer's or our network team
	WhoBoth     Who = "us and customer"
)

// Error gives slug and cause in a line.
func (r *Reason) Error() string {
	s := r.Slug
	if r.What != "" {
		s += ": " + r.What
	}
	if r.Cause != "" {
		s += ": " + r.Cause
	}
	return s
}

// Unwrap gives the underlying error.
func (r *Reason) Unwrap() error { return r.Err }
