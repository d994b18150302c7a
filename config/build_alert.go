package config

import "github.com/haulier/haulier/job"

// alert gives who is told of the incidents of a job; of nil what holds for all.
func (b *builder) alert(v *value) job.Alert {
	names := func(key string) []string {
		list := b.effective(v, "alert", key)
		if list == nil {
			return nil
		}
		return append([]string{}, list.words()...) // what is given and empty is nobody
	}
	return job.Alert{
		Late: names("late"), Missing: names("missing"), Failed: names("failed"), Recovered: names("recovered"),
		RemindEvery: b.effective(v, "alert", "remind_every").duration(), After: b.effective(v, "alert", "after").count(),
	}
}

// judgeAlerts looks whether those who are to be told exist, and whether anybody is.
func (b *builder) judgeAlerts() {
	b.judgeAlert(b.top.get("defaults", "alert"))
	for _, name := range b.top.get("jobs").names() {
		b.judgeAlert(b.top.get("jobs", name, "alert"))
	}
	for _, spec := range b.config.Jobs {
		if len(spec.Alert.Failed) > 0 {
			continue
		}
		for _, name := range b.top.get("channels").names() {
			if t := b.config.Channels[name].Type; t == job.ChannelMail || t == job.ChannelShout {
				b.warn(b.top.get("channels", name).key, "W-UNTOLD", "nobody is told when job %s fails; write `alert: {failed: [%s]}` under defaults, or in the job", quoted(spec.Name), name)
				return
			}
		}
	}
}

func (b *builder) judgeAlert(v *value) {
	for _, key := range []string{"late", "missing", "failed", "recovered"} {
		for _, item := range v.get(key).entries() {
			channel, found := b.config.Channels[item.str()]
			switch {
			case !found:
				b.missing(item, "channel", b.top.get("channels"), "")
			case channel.Type == job.ChannelPing:
				b.fail(item.at, "E-CHANNEL", "channel %s is of type healthchecks, which nothing can be told", quoted(item.str()))
			}
		}
	}
}
