package model

// config is one run of spin: a model, what it is given, and what must come out.
type config struct {
	name  string
	model string
	flags []string
	want  string // what the counterexample must be that spin finds, one of the names of must in the models; empty: there is none
	wide  bool   // only with the wider bounds
}

// Jobs of the import model, see its init.
const (
	plain    = "-DMODE=1"
	claim    = "-DMODE=2"
	archive  = "-DMODE=3"
	keep     = "-DMODE=4"
	readOnce = "-DMODE=5"
)

func imports(name string, flags ...string) config {
	return config{name: "import/" + name, model: "import", flags: flags}
}

func exports(name string, flags ...string) config {
	return config{name: "export/" + name, model: "export", flags: flags}
}

// without takes a rule out: then something must go wrong, and this.
func (c config) without(rule, want string) config {
	c.name, c.want = c.model+"/without "+rule, want
	c.flags = append([]string{"-DNO_" + rule}, c.flags...)
	return c
}

func (c config) widely() config { c.wide = true; return c }

// twoNodes is a second node that takes the first one for dead.
func twoNodes(flags ...string) []string {
	return append([]string{"-DNODES=2", "-DTAKES=0"}, flags...)
}

var twins = []string{plain, "-DTWINS", "-DTAKES=0"}

// supervised lets a person look at each file, and somebody take one out of the stage meanwhile.
func supervised(flags ...string) []string {
	return append([]string{"-DSUPERVISED", "-DFAULTS=1"}, flags...)
}

// holding are the bounds within which everything holds.
var holding = []config{
	imports("plain", plain),
	imports("claim", claim),
	imports("archive", archive),
	imports("three versions", plain, "-DV=3", "-DFAULTS=1"),
	imports("open files untold", plain, "-DUNTOLD", "-DREAD_LATE", "-DFAULTS=1"),
	imports("keep", keep),
	imports("read once", readOnce),
	imports("twins", twins...),
	imports("power", plain, "-DV=1", "-DFAULTS=3", "-DTAKES=0"),
	imports("two nodes, one version", twoNodes(plain, "-DV=1", "-DFAULTS=0")...),
	imports("two nodes, source kept", twoNodes(keep, "-DFAULTS=0")...),
	imports("supervised", supervised(plain)...),
	imports("supervised, claim", supervised(claim, "-DTAKES=0")...),
	imports("supervised, archive", supervised(archive, "-DTAKES=0")...),
	imports("supervised, read once", supervised(readOnce)...),
	exports("temporary name", "-DWAY=1", "-DFAULTS=1"),
	exports("odd servers", "-DWAY=2", "-DFAULTS=1"),
	exports("direct", "-DWAY=3"),
	exports("two nodes", "-DWAY=1", "-DV=1", "-DFAULTS=0", "-DNODES=2"),
	exports("supervised", "-DSUPERVISED", "-DWAY=1", "-DFAULTS=0"),
	exports("supervised, odd servers", "-DSUPERVISED", "-DWAY=2", "-DFAULTS=0"),
	exports("supervised, direct", "-DSUPERVISED", "-DWAY=3", "-DFAULTS=1"),
	exports("supervised, twins", "-DSUPERVISED", "-DTWINS", "-DWAY=1", "-DFAULTS=1"),

	imports("plain, three faults", plain, "-DFAULTS=3").widely(),
	imports("claim, three faults", claim, "-DFAULTS=3").widely(),
	imports("archive, three faults", archive, "-DFAULTS=3").widely(),
	imports("three versions, two faults", plain, "-DV=3").widely(),
	imports("open files untold, two faults", plain, "-DUNTOLD", "-DREAD_LATE").widely(),
	imports("two nodes, one version, one fault", twoNodes(plain, "-DV=1", "-DFAULTS=1")...).widely(),
	exports("temporary name, two faults", "-DWAY=1").widely(),
	exports("odd servers, two faults", "-DWAY=2").widely(),
	exports("two nodes, two versions", "-DWAY=1", "-DFAULTS=0", "-DNODES=2").widely(),
	exports("direct, three faults", "-DWAY=3", "-DFAULTS=3").widely(),
	exports("supervised, one fault", "-DSUPERVISED", "-DWAY=1", "-DFAULTS=1").widely(),
	exports("supervised, odd servers, one fault", "-DSUPERVISED", "-DWAY=2", "-DFAULTS=1").widely(),
}

// without are the rules, each taken out under bounds that are enough to show what it is for. R10 is of object stores.
var without = []config{
	imports("", twoNodes(plain, "-DV=1", "-DFAULTS=1")...).without("R1", "DUP"),
	imports("", twoNodes(keep, "-DV=1", "-DFAULTS=0")...).without("R2", "DUP"),
	imports("", plain, "-DV=1").without("R3", "EARLY_DELETE"),
	imports("", twins...).without("R4", "EARLY_DELETE"),
	imports("", plain, "-DFAULTS=0").without("R5", "EARLY_DELETE"),
	imports("", plain, "-DFAULTS=1").without("R6", "LOST"),
	imports("", append(twins, "-DFAULTS=0")...).without("R7", "LOST"),
	imports("", plain, "-DFAULTS=0").without("R8", "EARLY_DELETE"),
	imports("", readOnce, "-DFAULTS=1").without("R9", "LOST"),
	exports("", "-DWAY=1").without("R11", "LOST"),
	exports("", "-DWAY=1").without("R12", "LOST"),
	exports("", "-DWAY=1").without("R13", "GHOST"),
	exports("", "-DWAY=1", "-DFAULTS=0").without("R14", "OVERWRITTEN"),
	exports("", "-DWAY=2", "-DFAULTS=0").without("R15", "GHOST"),
	exports("", "-DWAY=1").without("R16", "DUP"),
	exports("", "-DWAY=3", "-DFAULTS=1", "-DALONE").without("R17", "DUP"),
	exports("", "-DWAY=3", "-DFAULTS=1").without("R18", "GHOST"),
	exports("", "-DWAY=1", "-DFAULTS=0").without("X9", "LOST"),

	imports("", plain, "-DFAULTS=0").without("H1", "PARTIAL"),
	imports("", twoNodes(keep, "-DV=1", "-DFAULTS=0")...).without("H2", "DUP"),
	imports("", plain, "-DFAULTS=0", "-DUNTOLD").without("H3", "GHOST"),
	imports("", readOnce, "-DFAULTS=1").without("H4", "LOST"),
	imports("", claim, "-DFAULTS=1").without("H5", "STUCK"),
	imports("", plain, "-DFAULTS=1").without("H6", "DUP"),
	imports("", plain, "-DFAULTS=1").without("H7", "EARLY_DELETE"),
	imports("", twoNodes(keep, "-DFAULTS=0")...).without("H8", "PARTIAL"),
	exports("", "-DWAY=2", "-DFAULTS=1").without("H9", "DUP"),
	exports("", "-DWAY=2", "-DFAULTS=0").without("H10", "PARTIAL"),
	imports("", readOnce, "-DFAULTS=1").without("H11", "LOST"),
	imports("", keep, "-DFAULTS=1").without("H12", "DUP"),
	exports("", "-DWAY=1", "-DFAULTS=1").without("H13", "LOST"),
	exports("", "-DWAY=1").without("H14", "GHOST"),
	imports("", plain, "-DFAULTS=0").without("H15", "GHOST"),

	imports("", "-DSUPERVISED", plain, "-DV=1", "-DFAULTS=0").without("S1", "UNSEEN"),
	imports("", supervised(plain, "-DTAKES=0")...).without("S2", "UNSEEN"),
	imports("", supervised(plain, "-DV=1", "-DTAKES=0")...).without("S3", "EARLY_DELETE"),
	imports("", supervised(plain, "-DTAKES=0")...).without("S4", "STUCK"),
	imports("", supervised(readOnce)...).without("S5", "DUP"),
	imports("", supervised(claim, "-DTAKES=0")...).without("S6", "LOST"),
	exports("", "-DSUPERVISED", "-DTWINS", "-DWAY=1", "-DFAULTS=0").without("S2", "UNSEEN"),
	exports("", "-DSUPERVISED", "-DTWINS", "-DWAY=2", "-DFAULTS=0").without("S7", "UNSEEN"),
	exports("", "-DSUPERVISED", "-DWAY=3", "-DFAULTS=0").without("S8", "UNSEEN"),
}

// holes are what no rule closes; docs/model/README.md says why.
var holes = []config{
	{name: "import/hole: taken while it is read", model: "import", flags: []string{"-DMODE=1", "-DFAULTS=0", "-DUNTOLD", "-DTAKEN_WHILE_READ"}, want: "GHOST"},
	{name: "import/hole: renamed late while it is read", model: "import", flags: []string{"-DMODE=1", "-DV=3", "-DFAULTS=1", "-DUNTOLD", "-DREAD_LATE"}, want: "GHOST"},
	{name: "export/hole: late writes under the final name", model: "export", flags: []string{"-DWAY=3", "-DLATE_DIRECT"}, want: "DUP"},
}
