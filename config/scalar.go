package config

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// fault is what is wrong with one value: a code and the end of a sentence that began with the key.
type fault struct{ code, text string }

func badf(code, format string, args ...any) *fault { return &fault{code, fmt.Sprintf(format, args...)} }

// scalars read the kinds that are one word or number. Each gets the text as written, without quotes.
var scalars = map[kind]func(f *field, n *yaml.Node) (any, *fault){
	kText: readText, kName: readText, kRef: readRef, kFlag: readFlag, kCount: readCount,
	kDuration: readDuration, kSize: readSize, kRate: readRate, kClock: readClock, kDate: readDate, kWord: readWord,
	kPath: readText, kFolder: readFolder, kCron: readCron, kZone: readZone, kTemplate: readTemplate, kSuffix: readSuffix, kPattern: readText,
	kRegexp: readRegexp, kURL: readURL, kMail: readMail, kHost: readHost, kAddress: readAddress, kIP: readIP, kNet: readNet, kHostKey: readHostKey,
}

func readText(_ *field, n *yaml.Node) (any, *fault) {
	switch {
	case n.Value == "":
		return nil, badf("E-VALUE", "is empty")
	case strings.ContainsFunc(n.Value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return nil, badf("E-VALUE", "holds a line break or a control character")
	}
	return n.Value, nil
}

// suffixMost leaves room in a name for more than the suffix.
const suffixMost = 64

func readSuffix(f *field, n *yaml.Node) (any, *fault) {
	if len(n.Value) > suffixMost || strings.ContainsAny(n.Value, `/\`) {
		return nil, badf("E-VALUE", "%s is not the end of a name: no / or \\, at most %d bytes", quoted(n.Value), suffixMost)
	}
	return readText(f, n)
}

var refPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func readRef(_ *field, n *yaml.Node) (any, *fault) {
	if !refPattern.MatchString(n.Value) {
		return nil, badf("E-NAME", "%s is not a name: letters, digits, dot, dash and underscore, at most 63", quoted(n.Value))
	}
	return n.Value, nil
}

func readFlag(_ *field, n *yaml.Node) (any, *fault) {
	if n.Tag == "!!bool" && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
		return strings.EqualFold(n.Value, "true"), nil
	}
	return nil, badf("E-VALUE", "wants true or false; this is %s", quoted(n.Value))
}

func readCount(f *field, n *yaml.Node) (any, *fault) {
	v, err := strconv.ParseInt(strings.ReplaceAll(n.Value, "_", ""), 10, 64)
	if err != nil || n.Tag != "!!int" || len(n.Value) > 1 && n.Value[0] == '0' {
		return nil, badf("E-VALUE", "wants a whole number without quotes; this is %s", quoted(n.Value))
	}
	if v < f.min || f.max > 0 && v > f.max {
		return nil, badf("E-VALUE", "is %d; it must be %s", v, bounds(f))
	}
	return v, nil
}

func bounds(f *field) string {
	switch {
	case f.max == 0:
		return fmt.Sprintf("at least %d", f.min)
	case f.min == f.max:
		return strconv.FormatInt(f.min, 10)
	}
	return fmt.Sprintf("from %d to %d", f.min, f.max)
}

func readWord(f *field, n *yaml.Node) (any, *fault) {
	if slices.Contains(f.words, n.Value) {
		return n.Value, nil
	}
	return nil, badf("E-VALUE", "%s is not known; it is %s%s", quoted(n.Value), list(f.words, "or"), meant(n.Value, f.words))
}

var durationPart = regexp.MustCompile(`^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)`)

var units = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour}

func readDuration(f *field, n *yaml.Node) (any, *fault) {
	total, rest := 0.0, n.Value
	if n.Value == "0" {
		rest = "0s"
	} else if bare(n.Value) {
		return nil, badf("E-UNIT", "%s — %s what? write %ss", n.Value, n.Value, n.Value)
	}
	for rest != "" {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			return nil, badf("E-VALUE", "%s is not a duration; write it as 90s, 15m, 2h or 7d", quoted(n.Value))
		}
		count, _ := strconv.ParseFloat(part[1], 64)
		total += count * float64(units[part[2]])
		rest = rest[len(part[0]):]
	}
	switch {
	case n.Value == "":
		return nil, badf("E-VALUE", "is empty; write it as 90s, 15m, 2h or 7d")
	case total > float64(100*365*24*time.Hour):
		return nil, badf("E-VALUE", "%s is longer than a hundred years", quoted(n.Value))
	case int64(total) < f.min:
		return nil, badf("E-VALUE", "is %s; it must be at least %s", n.Value, time.Duration(f.min))
	}
	return time.Duration(math.Round(total)), nil // 4.1s is a little less in binary
}

// bare tells a number without a unit.
func bare(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

var sizePattern = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?((?:[kKMGTP]i?)?B)$`)

func readSize(f *field, n *yaml.Node) (any, *fault) {
	v, bad := bytesOf(n.Value)
	if bad == nil && v < f.min {
		return nil, badf("E-VALUE", "is %s; it must be at least %d B", n.Value, f.min)
	}
	return v, bad
}

func bytesOf(s string) (int64, *fault) {
	if s == "0" {
		return 0, nil
	}
	if bare(s) {
		return 0, badf("E-UNIT", "%s — %s what? write %sMiB (2^20 bytes) or %sMB (10^6)", s, s, s, s)
	}
	part := sizePattern.FindStringSubmatch(s)
	if part == nil {
		return 0, badf("E-VALUE", "%s is not a size; write it as 512KiB, 10GiB (2^30 bytes) or 10GB (10^9)", quoted(s))
	}
	count, _ := strconv.ParseFloat(part[1], 64)
	base := 1000.0
	if strings.Contains(part[2], "i") {
		base = 1024
	}
	power := strings.Index("BKMGTP", strings.ToUpper(part[2][:1]))
	total := count * math.Pow(base, float64(power))
	if total >= math.MaxInt64 {
		return 0, badf("E-VALUE", "%s is more than any disk holds", quoted(s))
	}
	return int64(math.Round(total)), nil
}

func readRate(f *field, n *yaml.Node) (any, *fault) {
	size, ok := strings.CutSuffix(n.Value, "/s")
	if !ok && n.Value != "0" {
		return nil, badf("E-UNIT", "%s is not a rate; write it as 1KiB/s", quoted(n.Value))
	}
	v, bad := bytesOf(size)
	if bad != nil {
		return nil, badf(bad.code, "%s is not a rate; write it as 1KiB/s", quoted(n.Value))
	}
	return v, nil
}

var clockPattern = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)$`)

func readClock(_ *field, n *yaml.Node) (any, *fault) {
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
		return nil, badf("E-TIME", "is not in quotes; write \"HH:MM\", such as \"01:30\" (without quotes YAML 1.1 reads 1:30 as 90)")
	}
	if !clockPattern.MatchString(n.Value) {
		return nil, badf("E-TIME", "%s is not a time of day; write \"HH:MM\", \"00:00\" to \"23:59\"", quoted(n.Value))
	}
	hour, _ := strconv.Atoi(n.Value[:2])
	minute, _ := strconv.Atoi(n.Value[3:])
	return hour*60 + minute, nil
}

func readDate(_ *field, n *yaml.Node) (any, *fault) {
	if _, err := time.Parse(time.DateOnly, n.Value); err != nil {
		return nil, badf("E-DATE", "%s is not a day of the calendar; write it as 2026-12-25", quoted(n.Value))
	}
	return n.Value, nil
}

func readIP(_ *field, n *yaml.Node) (any, *fault) {
	ip, err := netip.ParseAddr(n.Value)
	if err != nil {
		return nil, badf("E-VALUE", "%s is not an IP address; write it as 203.0.113.10", quoted(n.Value))
	}
	return ip, nil
}

func readNet(_ *field, n *yaml.Node) (any, *fault) {
	if ip, err := netip.ParseAddr(n.Value); err == nil {
		return netip.PrefixFrom(ip, ip.BitLen()), nil
	}
	net, err := netip.ParsePrefix(n.Value)
	if err != nil {
		return nil, badf("E-VALUE", "%s is not a network; write it as 10.0.0.0/8", quoted(n.Value))
	}
	return net.Masked(), nil
}

func readAddress(_ *field, n *yaml.Node) (any, *fault) {
	if strings.ContainsAny(n.Value, "@/") {
		return nil, badf("E-VALUE", "takes host:port alone, such as \"proxy.example:1080\"; a user has a key of its own")
	}
	host, port, err := net.SplitHostPort(n.Value)
	number, err2 := strconv.Atoi(port)
	if err != nil || err2 != nil || host == "" || number < 1 || number > 65535 {
		return nil, badf("E-VALUE", "%s is not host:port; write it as \"proxy.example:1080\"", quoted(n.Value))
	}
	return n.Value, nil
}
