package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// post sends a signed request, as Standard Webhooks have it.
func (s *Sender) post(ctx context.Context, c job.Channel, d job.Delivery) result {
	target, err := s.text(ctx, c.Webhook.URL)
	if err != nil {
		return failedBecause(err)
	}
	body, kind := bodyOf(c.Webhook.Format, d)
	now := time.Now()
	signatures, err := s.sign(ctx, c, d.MessageID, now, body)
	if err != nil {
		return failedBecause(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil || r.URL.Host == "" || r.URL.Scheme != "https" && r.URL.Scheme != "http" {
		return failed("channel.url", "the secret that holds the address holds no web address", "haulier secrets set", job.WhoUs)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("User-Agent", "haulier/"+s.Version)
	r.Header.Set("Webhook-Id", d.MessageID)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	r.Header.Set("Webhook-Signature", signatures)
	return s.ask(r, c.Webhook.AllowPrivate)
}

// ask makes a request and judges its answer. Nothing of the answer's body is kept.
func (s *Sender) ask(r *http.Request, withPrivate bool) result {
	asker := s.client(withPrivate)
	defer asker.CloseIdleConnections()
	answer, err := asker.Do(r)
	if err != nil {
		return unanswered(err)
	}
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10)
	_ = answer.Body.Close()
	return judged(answer)
}

func judged(answer *http.Response) result {
	code := answer.StatusCode
	said := strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
	var r result
	switch {
	case code >= 200 && code < 300:
		return result{Status: code, Detail: said}
	case code >= 300 && code < 400:
		r = failed("channel.redirected", "the receiver answered "+said+"; redirections are not followed", "set url to where it leads, if that is right", job.WhoUs)
	case code == http.StatusGone:
		r = failed("channel.gone", "the receiver answered "+said+": it wants nothing more", "take the channel out, or haulier events redeliver --channel NAME", job.WhoUs)
		r.Gone = true
	default:
		r = failed("channel.refused", "the receiver answered "+said, "look into the receiver's log; its secret and ours may differ", job.WhoUs)
	}
	r.Status, r.Wait = code, retryAfter(answer.Header.Get("Retry-After"), time.Now())
	return r
}

// retryAfter reads how long a receiver asks to be left alone, in seconds or as a date.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(value); err == nil && seconds > 0 {
		return time.Duration(min(seconds, int(waitMost/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, min(at.Sub(now), waitMost))
	}
	return 0
}

// sign gives a signature for each secret.
func (s *Sender) sign(ctx context.Context, c job.Channel, id string, at time.Time, body []byte) (string, error) {
	var signatures []string
	for _, ref := range c.Webhook.Secrets {
		text, err := s.Secrets.Reveal(ctx, ref)
		if err != nil {
			return "", err
		}
		signature, err := signature(text, id, at, body)
		text.Wipe()
		if err != nil {
			return "", err
		}
		signatures = append(signatures, signature)
	}
	return strings.Join(signatures, " "), nil
}

// signature is that of Standard Webhooks: HMAC-SHA256 over id, time and body.
func signature(key secret.Text, id string, at time.Time, body []byte) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(string(key.Reveal()), "whsec_"))
	if err != nil || len(raw) < 16 {
		return "", &job.Reason{
			Slug: "channel.signing_secret", Cause: "the signing secret is not whsec_ and the base64 of 24 to 64 bytes", Do: "set the secret as the receiver has it", Who: job.WhoUs,
		}
	}
	defer clear(raw)
	mac := hmac.New(sha256.New, raw)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
