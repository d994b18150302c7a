package config

import (
	"encoding/base64"
	"encoding/binary"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones on machines without a zone database

	"go.yaml.in/yaml/v4"
)

var zonePrefix = regexp.MustCompile(`^(?:CRON_)?TZ=(\S*)`)

func readCron(f *field, n *yaml.Node) (any, *fault) {
	if zone := zonePrefix.FindStringSubmatch(n.Value); zone != nil {
		return nil, badf("E-CRON", "carries a time zone; take %s out and write `timezone: %s` beside it", quoted(zone[0]), printable(zone[1]))
	}
	if len(strings.Fields(n.Value)) == 6 {
		return nil, badf("E-CRON", "%s has six fields; a schedule has five (minute, hour, day, month, weekday), no seconds", quoted(n.Value))
	}
	return readText(f, n)
}

// someZones are the names that misspelled ones are compared with.
var someZones = strings.Fields(`UTC Europe/Amsterdam Europe/Athens Europe/Berlin Europe/Brussels Europe/Bucharest Europe/Budapest
	Europe/Copenhagen Europe/Dublin Europe/Helsinki Europe/Istanbul Europe/Kyiv Europe/Lisbon Europe/London Europe/Luxembourg
	Europe/Madrid Europe/Oslo Europe/Paris Europe/Prague Europe/Rome Europe/Sofia Europe/Stockholm Europe/Vienna Europe/Warsaw
	Europe/Zurich America/Anchorage America/Argentina/Buenos_Aires America/Bogota America/Chicago America/Denver America/Halifax
	America/Lima America/Los_Angeles America/Mexico_City America/New_York America/Phoenix America/Santiago America/Sao_Paulo
	America/St_Johns America/Toronto America/Vancouver Africa/Cairo Africa/Casablanca Africa/Johannesburg Africa/Lagos
	Africa/Nairobi Asia/Bangkok Asia/Dhaka Asia/Dubai Asia/Ho_Chi_Minh Asia/Hong_Kong Asia/Jakarta Asia/Jerusalem Asia/Karachi
	Asia/Kathmandu Asia/Kolkata Asia/Kuala_Lumpur Asia/Manila Asia/Riyadh Asia/Seoul Asia/Shanghai Asia/Singapore Asia/Taipei
	Asia/Tehran Asia/Tokyo Australia/Adelaide Australia/Brisbane Australia/Darwin Australia/Hobart Australia/Lord_Howe
	Australia/Melbourne Australia/Perth Australia/Sydney Pacific/Apia Pacific/Auckland Pacific/Honolulu`)

func readZone(_ *field, n *yaml.Node) (any, *fault) {
	zone, err := time.LoadLocation(n.Value)
	if err != nil || n.Value == "" || n.Value == "Local" {
		return nil, badf("E-TIMEZONE", "%s is not a time zone; write an IANA name such as Europe/Brussels%s", quoted(n.Value), meantZone(n.Value))
	}
	return zone, nil
}

// meantZone compares whole names, then the city alone.
func meantZone(name string) string {
	if hint := meant(name, someZones); hint != "" {
		return hint
	}
	city := strings.ToLower(strings.ReplaceAll(path.Base(name), " ", "_"))
	for _, zone := range someZones {
		if strings.ToLower(path.Base(zone)) == city {
			return "; did you mean " + quoted(zone) + "?"
		}
	}
	return ""
}

func readTemplate(f *field, n *yaml.Node) (any, *fault) {
	if strings.ContainsAny(strings.ReplaceAll(n.Value, `\/`, ""), "/\x00") && !strings.Contains(n.Value, "{date") {
		return nil, badf("E-TEMPLATE", "%s is a path; it must be a name without /", quoted(n.Value))
	}
	return readText(f, n)
}

func readRegexp(f *field, n *yaml.Node) (any, *fault) {
	if _, err := regexp.Compile(n.Value); err != nil {
		text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, badf("E-PATTERN", "is not a regular expression (RE2): %s", printable(text))
	}
	return readText(f, n)
}

// readHost takes a name as it is written. Blanks around it are kept; a warning tells of them later.
func readHost(f *field, n *yaml.Node) (any, *fault) {
	host := strings.TrimSpace(n.Value)
	switch {
	case strings.Contains(host, "://"):
		return nil, badf("E-HOST", "is a URL; write the name of the server alone, such as sftp.acme.example, and its port under port")
	case strings.Contains(host, "@"):
		return nil, badf("E-HOST", "holds an @; the user has a key of its own, username")
	case strings.Contains(host, "/"):
		return nil, badf("E-HOST", "%s holds a path; folders belong under locations", quoted(host))
	case strings.Contains(host, "${"):
		return nil, badf("E-HOST", "%s looks like a variable; values are taken as written", quoted(host))
	case strings.HasPrefix(host, "["), strings.Count(host, ":") == 1:
		return nil, badf("E-HOST", "%s holds a port; write it under port", quoted(host))
	case strings.ContainsAny(host, " \t"):
		return nil, badf("E-HOST", "%s holds a blank", quoted(host))
	}
	return readText(f, n)
}

// readFolder takes a path on the server. It must not climb.
func readFolder(f *field, n *yaml.Node) (any, *fault) {
	switch {
	case slices.Contains(strings.Split(n.Value, "/"), ".."):
		return nil, badf("E-PATH", "%s climbs with ..; write the folder itself", quoted(n.Value))
	case strings.Contains(n.Value, `\`):
		return nil, badf("E-PATH", "%s holds a backslash; SFTP separates folders with /, on Windows servers too", quoted(n.Value))
	case strings.HasPrefix(n.Value, "~"):
		return nil, badf("E-PATH", "%s begins with ~, which SFTP does not know; leave it out: paths without / begin at the login folder", quoted(n.Value))
	}
	return readText(f, n)
}

// hostKeyTypes are the types of host keys that can be pinned.
var hostKeyTypes = []string{"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
	"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com", "ssh-dss"}

var fingerprint = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}=?$`)

func readHostKey(_ *field, n *yaml.Node) (any, *fault) {
	words := strings.Fields(n.Value)
	switch {
	case strings.HasPrefix(n.Value, "SHA256:"):
		return nil, badf("E-HOST-KEY", "is a fingerprint without its type, which is needed to ask for the right key; write it as `ssh-ed25519 SHA256:…`")
	case strings.HasPrefix(n.Value, "MD5:") || strings.Count(n.Value, ":") == 15:
		return nil, badf("E-HOST-KEY", "is an MD5 fingerprint, which proves too little; ask for the SHA256 one or the key itself")
	case len(words) >= 3 && slices.Contains(hostKeyTypes, words[1]):
		return nil, badf("E-HOST-KEY", "is a line of known_hosts; leave out its first word: the type comes first")
	case len(words) < 2 || !slices.Contains(hostKeyTypes, words[0]):
		return nil, badf("E-HOST-KEY", "is not a host key; write `TYPE BASE64` or `TYPE SHA256:…`, such as `ssh-ed25519 AAAAC3…`")
	case fingerprint.MatchString(words[1]):
	case !ofType(words[1], words[0]):
		return nil, badf("E-HOST-KEY", "%s is not a whole %s key: it was cut, or belongs to another type", quoted(words[1]), words[0])
	}
	return words[0] + " " + strings.TrimSuffix(words[1], padding(words[1])), nil
}

// padding is what OpenSSH does not print behind a fingerprint.
func padding(word string) string {
	if strings.HasPrefix(word, "SHA256:") {
		return "="
	}
	return ""
}

// ofType looks whether a key blob is of the type and holds more than its name.
func ofType(text, name string) bool {
	blob, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(blob) < 4 {
		return false
	}
	n := binary.BigEndian.Uint32(blob)
	return uint64(n)+4+4 < uint64(len(blob)) && string(blob[4:4+n]) == name && wholeBlob(blob)
}

// wholeBlob walks the length-prefixed parts of a key blob to its end.
func wholeBlob(blob []byte) bool {
	for len(blob) > 0 {
		if len(blob) < 4 {
			return false
		}
		n := uint64(binary.BigEndian.Uint32(blob))
		if n > uint64(len(blob)-4) {
			return false
		}
		blob = blob[4+n:]
	}
	return true
}

var dayNames = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// readDays takes mon-fri, mon or "mon,thu-sat".
func readDays(text string) ([7]bool, *fault) {
	var days [7]bool
	for part := range strings.SplitSeq(strings.ToLower(text), ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			to = from
		}
		first, last := slices.Index(dayNames, from), slices.Index(dayNames, to)
		if first < 0 || last < 0 {
			return days, badf("E-VALUE", "%s is not a span of days; write mon-fri, or [mon, thu]", quoted(strings.TrimSpace(part)))
		}
		for d := first; ; d = (d + 1) % 7 {
			days[d] = true
			if d == last {
				break
			}
		}
	}
	return days, nil
}
