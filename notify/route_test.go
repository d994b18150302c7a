package notify

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
)

// routing is a service that makes deliveries and sends none.
type routing struct {
	*world
	service *Service
	seen    int
}

func newRouting(t *testing.T, channels ...job.Channel) *routing {
	t.Helper()
	r := &routing{world: newWorld(t)}
	r.service = New(r.options())
	r.use(r.service, channels...)
	return r
}

// made routes what has happened, and gives what is to be told, of what, and to which contact.
func (r *routing) made() (made []string) {
	r.Helper()
	if _, err := r.service.routeSome(r.Context()); err != nil {
		r.Fatal(err)
	}
	all := r.deliveries()
	for _, d := range all[:len(all)-r.seen] {
		name := d.Channel + " " + d.Event.Type
		if d.Contact {
			name += " to " + d.Recipient
		}
		if d.State != job.DeliveryPending {
			made = append(made, name+", "+string(d.State))
			continue
		}
		made = append(made, name)
		if err := r.store.RecordAttempt(r.Context(), job.Attempt{Delivery: d.ID}); err != nil {
			r.Fatal(err)
		}
	}
	r.seen = len(all)
	slices.Sort(made)
	return made
}

func (r *routing) wants(when string, want ...string) {
	r.Helper()
	if got := r.made(); !slices.Equal(got, want) {
		r.Errorf("%s: %q, want %q", when, got, want)
	}
}

func mailOf(name string) job.Channel {
	return job.Channel{Name: name, Type: job.ChannelMail, Mail: &job.Mail{To: []string{name + "@x.example"}, Contacts: true}}
}

func hookOf(name string, events ...string) job.Channel {
	return job.Channel{Name: name, Type: job.ChannelWebhook, Webhook: &job.Webhook{URL: given("hook"), Events: events}}
}

const rejected = "connection/acme/auth.key_rejected"

// That it is over, and that it is back, go to whoever heard that it began, whatever the configuration says by then; reminders go where
// it says.
func TestTheEndGoesToWhoeverHeardOfTheBeginning(t *testing.T) {
	first := []job.Channel{mailOf("ops"), mailOf("boss"), hookOf("all"), hookOf("begins", "alert.opened"), hookOf("ends", "alert.resolved"), hookOf("files", "file.*")}
	r := newRouting(t, first...)
	r.routed = []string{"ops", "boss", "files"}
	r.alert(rejected, refusedKey)
	r.wants("it begins", "all alert.opened", "begins alert.opened", "boss alert.opened", "boss alert.opened to it@acme.example",
		"files alert.opened", "ops alert.opened", "ops alert.opened to it@acme.example")

	r.use(r.service, append(first[:5:5], mailOf("new"), hookOf("newcomer"))...) // without the hook of files
	r.routed, r.quiet = []string{"new"}, []string{"boss"}
	at := time.Now().Add(time.Minute)
	r.over("", at)
	r.wants("it is over", "all alert.resolved", "boss alert.resolved to it@acme.example", "ends alert.resolved", "files alert.resolved, dropped",
		"ops alert.resolved", "ops alert.resolved to it@acme.example")
	r.back(at)
	r.wants("it is back", "all alert.reminded", "boss alert.reminded", "boss alert.reminded to it@acme.example", "files alert.reminded, dropped",
		"newcomer alert.reminded", "ops alert.reminded", "ops alert.reminded to it@acme.example")
	r.over("ann", at.Add(time.Hour)) // a decision: not over as customers understand it
	r.wants("it ends otherwise", "all alert.resolved", "ends alert.resolved", "files alert.resolved, dropped", "newcomer alert.resolved", "ops alert.resolved")
}

// What is back and has struck a further job by then is told to whoever is told of that job, too.
func TestWhatIsBackWithAnotherJobIsNewToItsChannels(t *testing.T) {
	r := newRouting(t, mailOf("ops"), mailOf("payroll"))
	r.routed = []string{"ops"}
	r.alert(rejected, refusedKey)
	at := time.Now().Add(time.Minute)
	if err := r.store.ResolveBy(r.Context(), rejected, "", at); err != nil {
		r.Fatal(err)
	}
	r.tellDue(at.Add(time.Minute))
	r.wants("it is over", "ops alert.opened", "ops alert.opened to it@acme.example", "ops alert.resolved", "ops alert.resolved to it@acme.example")
	r.routed = []string{"ops", "payroll"}
	if _, err := r.store.Raise(r.Context(), rejected, "payroll-in", refusedKey, at.Add(5*time.Minute)); err != nil {
		r.Fatal(err)
	}
	r.tellDue(at.Add(5*time.Minute + job.GatherFor))
	r.wants("it is back", "ops alert.reminded", "ops alert.reminded to it@acme.example", "payroll alert.reminded")
}

// over ends what stands, and has it told.
func (r *routing) over(by string, at time.Time) {
	r.Helper()
	if err := r.store.ResolveBy(r.Context(), rejected, by, at); err != nil {
		r.Fatal(err)
	}
	r.tellDue(at.Add(job.FlapFor))
}

// back has it strike again, and has that told.
func (r *routing) back(at time.Time) {
	r.Helper()
	if _, err := r.store.Raise(r.Context(), rejected, "", refusedKey, at); err != nil {
		r.Fatal(err)
	}
	r.tellDue(at.Add(job.GatherFor))
}

// All of an incident may be in one part of the events that is read.
func TestTheEndIsReadTogetherWithTheBeginning(t *testing.T) {
	r := newRouting(t, mailOf("ops"), hookOf("all"))
	r.routed = []string{"ops"}
	r.alert(rejected, refusedKey)
	at := time.Now().Add(time.Minute)
	r.over("", at)
	r.wants("it begins and is over", "all alert.opened", "all alert.resolved", "ops alert.opened", "ops alert.opened to it@acme.example",
		"ops alert.resolved", "ops alert.resolved to it@acme.example")
}

// It comes back while a contact is written to that it is over: the next letter says so.
func TestAContactToldAtTheWrongMomentHearsThatItIsBack(t *testing.T) {
	server := testserver.NewMail(t, func(*testserver.Mail) {})
	c := mailTo(server, func(m *job.Mail) { m.Contacts = true })
	r := newRouting(t, c)
	r.routed = []string{"ops"}
	r.alert(rejected, refusedKey)
	r.made()
	at := time.Now().Add(time.Minute)
	r.over("", at)
	server.Took = func(l testserver.Letter) {
		if l.To != "it@acme.example" || len(server.Letters()) > 2 {
			return
		}
		r.back(at.Add(job.FlapFor))
		if _, err := r.service.routeSome(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.service.routeSome(t.Context()); err != nil {
		t.Fatal(err)
	}
	for {
		due, err := r.store.DueDeliveries(t.Context(), "ops", time.Now(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			break
		}
		if !r.service.settle(t.Context(), c, due[0]) {
			t.Fatal("the channel is gone")
		}
	}
	got := map[string][]string{}
	for _, l := range server.Letters() {
		header, _ := readMail(t, l.Text)
		got[l.To] = append(got[l.To], subject(t, header))
	}
	want := map[string][]string{
		"it@acme.example":      {"File transfer with sftp.acme.example: works again", "File transfer with sftp.acme.example: the trouble is back"},
		"ops@platform.example": {"haulier: FAILED again: connection acme [auth.key_rejected]"},
	}
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("letters %q, want %q", got, want)
	}
}

// A contact is written to in words for them when it begins, is over and is back.
func TestContactsReadWhetherItIsBack(t *testing.T) {
	w := newWorld(t)
	s := NewSender(w.options())
	for kind, want := range map[string][2]string{
		job.EventAlertOpened:   {"please help", "Please check that our public key"},
		job.EventAlertResolved: {"works again", "There is nothing more to do"},
		job.EventAlertReminded: {"the trouble is back", "is back. Your server refuses our key. Please check"},
	} {
		l := s.letter(job.Delivery{Contact: true, Connection: "acme", Event: job.Event{Type: kind, Data: []byte(`{"id":5,"error":{"slug":"auth.key_rejected"}}`)}})
		if !strings.Contains(l.subject, want[0]) || !strings.Contains(l.body, want[1]) || l.thread != "incident-5" {
			t.Errorf("%s: %+v", kind, l)
		}
	}
}

// What is the matter with a channel is told to others, whatever it asks for itself.
func TestAChannelIsNotToldOfItself(t *testing.T) {
	r := newRouting(t, mailOf("ops"), hookOf("all"), hookOf("other", "alert.*"))
	r.routed = []string{"ops", "all"}
	failing := job.Reason{Slug: "channel.failing", What: "it waits", Who: job.WhoUs}
	r.alert("channel/all/channel.failing", failing)
	r.wants("it fails", "ops alert.opened", "other alert.opened")
	if err := r.store.Resolve(t.Context(), "channel/all/channel.failing", time.Now()); err != nil {
		t.Fatal(err)
	}
	r.tellDue(time.Now())
	r.wants("it is well", "ops alert.resolved", "other alert.resolved")
}
