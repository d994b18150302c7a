package notify

import (
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/haulier/haulier/job"
)

// sample is a message that shows that a channel works, and says that it is none.
func sample(c job.Channel) job.Delivery {
	id := make([]byte, 12)
	_, _ = rand.Read(id) // never fails
	now := time.Now()
	d := job.Delivery{
		Channel: c.Name, MessageID: "msg_" + hex.EncodeToString(id), Made: now,
		Event: job.Event{Type: "alert.test", At: now, Data: []byte(`{"kind":"test","severity":"warning","jobs":[],"error":{"slug":"channel.test","what":"nothing has happened: somebody tries this channel","cause":"haulier alerts test","do":"nothing","who":"us"}}`)},
	}
	if c.Mail != nil && len(c.Mail.To) > 0 {
		d.Recipient = c.Mail.To[0]
	}
	return d
}
