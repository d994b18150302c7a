package failpoint

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// points is what is to happen where.
type points struct {
	mu    sync.Mutex
	acts  map[string]action
	times map[string]int
}

// action is what happens at a moment.
type action struct {
	verb  string
	sleep time.Duration
	nth   int // 0: every time
}

// at says whether an action is due at this moment of the name.
func (p *points) at(name string) (action, bool) {
	act, known := p.acts[name]
	if !known {
		if act, known = p.acts["*"]; !known {
			return act, false
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.times[name]++
	return act, act.nth == 0 || act.nth == p.times[name]
}

func parse(text string) (*points, error) {
	p := &points{acts: map[string]action{}, times: map[string]int{}}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, act, found := strings.Cut(part, "=")
		if !found {
			return nil, fmt.Errorf("%q is no NAME=ACTION", part)
		}
		parsed, err := parseAction(act)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		p.acts[name] = parsed
	}
	return p, nil
}

func parseAction(text string) (action, error) {
	var a action
	text, nth, counted := strings.Cut(text, "@")
	if counted {
		n, err := strconv.Atoi(nth)
		if err != nil || n < 1 {
			return a, fmt.Errorf("@%s is no count from 1", nth)
		}
		a.nth = n
	}
	verb, argument, _ := strings.Cut(text, ":")
	switch a.verb = verb; verb {
	case "kill", "panic", "err", "note":
		return a, nil
	case "sleep":
		var err error
		a.sleep, err = time.ParseDuration(argument)
		return a, err
	}
	return a, fmt.Errorf("%q is none of kill, panic, err, note, sleep:DURATION", text)
}
