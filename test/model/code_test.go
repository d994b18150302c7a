package model

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// calls are the calls of advance in package transfer, FUNCTION TARGET, each with the transitions that it may make. A call
// that is not here, or is here and not in the source, fails the test: whoever adds one says where rows come from, and
// docs/model/transitions.txt and the models must follow. One that leaves the step as it is makes none. The tests under
// faults of package transfer hold what really happens against the same list.
var calls = map[string][]string{
	"frame.settle to": {
		"import seen done", "import claimed done", "import downloaded done", "import checked done", // rejected or skipped
		"import claimed seen", "import downloaded seen", // it changed while it was read
		"export seen done", "export queued done", "export sending done", "export uploaded done",
		"export queued seen", "export sending seen", "export uploaded seen",
	},
	"frame.restart seen":      {"import claimed seen"},
	"frame.claim seen":        nil, // it is there
	"frame.skip done":         {"import seen done", "import claimed done", "export seen done"},
	"frame.forgetKept f.Step": nil,

	"importRun.claimRemote claimed":      {"import seen claimed"},
	"importRun.unclaim seen":             {"import claimed seen", "import downloaded seen", "import checked seen"},
	"importRun.attend checked":           {"import seen checked", "import claimed checked", "import downloaded checked"},
	"importRun.seenLost claimed":         {"import checked claimed"},
	"importRun.seenLost seen":            {"import checked seen"},
	"exportRun.attend queued":            {"export sealed queued"},
	"importRun.fetchAndOpen seen":        {"import claimed seen"},
	"importRun.fetchReceived downloaded": {"import seen downloaded", "import claimed downloaded"},
	"importRun.intend landing":           {"import seen landing", "import claimed landing", "import downloaded landing", "import checked landing"},
	"importRun.landed landed":            {"import landing landed"},
	"importRun.landed done":              {"import landing done"},
	"importRun.retireSource retiring":    {"import landed retiring"},
	"importRun.retire done":              {"import landed done", "import retiring done"},
	"importRun.withdraw to":              {"import seen done"}, // or held at claimed
	"importRun.notAside f.Step":          nil,
	"importRun.lookAside f.Step":         nil,
	"importRun.movedLate seen":           {"import claimed seen"},
	"importRun.takeOver seen":            nil, // it is there
	"importRun.staying done":             nil,
	"importRun.keepLate done":            nil,
	"importRun.renewAside retiring":      {"import landed retiring"},
	"importRun.intendArchive f.Step":     nil,

	"exportRun.collect queued":          {"export seen queued"},
	"exportRun.seal sealed":             {"export queued sealed"},
	"exportRun.stageLost queued":        {"export sealed queued"},
	"exportRun.upload sending":          {"export sealed sending"},
	"exportRun.directFailed sealed":     {"export sending sealed"},
	"exportRun.lostReply sealed":        {"export sending sealed", "export renaming sealed"},
	"exportRun.settleSending sealed":    {"export sending sealed"},
	"exportRun.settleTemp sealed":       {"export sending sealed"},
	"exportRun.settleWhole sealed":      {"export sending sealed"},
	"exportRun.uploaded uploaded":       {"export sending uploaded"},
	"exportRun.publish renaming":        {"export uploaded renaming"},
	"exportRun.moveOlder renaming":      nil, // it is there
	"exportRun.settleOlder renaming":    nil,
	"exportRun.renameRefused uploaded":  {"export renaming uploaded"},
	"exportRun.judgePublished uploaded": {"export renaming uploaded"},
	"exportRun.turnDirect sealed":       {"export uploaded sealed"},
	"exportRun.deliver delivered":       {"export sending delivered", "export uploaded delivered", "export renaming delivered"},
	"exportRun.deliver done":            {"export sending done", "export uploaded done", "export renaming done"},
	"exportRun.retire done":             {"export delivered done"},
	"exportRun.intendMove delivered":    nil,
	"exportRun.takeAside delivered":     nil,
	"exportRun.mark delivered":          nil,
	"exportRun.cleanAfter f.Step":       nil,
}

func TestCallsOfAdvance(t *testing.T) {
	found, listed := advances(t), map[string]bool{}
	for call, transitions := range calls {
		if !found[call] {
			t.Errorf("%s: no such call of advance any more", call)
		}
		_, target, _ := strings.Cut(call, " ")
		for _, transition := range transitions {
			listed[transition] = true
			if to := transition[strings.LastIndexByte(transition, ' ')+1:]; target != "to" && to != target {
				t.Errorf("%s cannot make %q", call, transition)
			}
		}
	}
	for call := range found {
		if _, known := calls[call]; !known {
			t.Errorf("%s: a call of advance that this test does not know", call)
		}
	}
	documentedAll := map[string]bool{}
	for _, machine := range []string{"import", "export"} {
		for transition := range documented(t, machine) {
			documentedAll[machine+" "+transition] = true
		}
	}
	if !maps.Equal(listed, documentedAll) {
		t.Errorf("the program takes %v\ntransitions.txt has %v", sorted(listed), sorted(documentedAll))
	}
}

// advances are the calls of advance in package transfer, and of pass, whose step is written together with the next one.
func advances(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../../transfer/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no source of package transfer", err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
	found := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range parsed.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok {
				advancesIn(f, found)
			}
		}
	}
	return found
}

func advancesIn(f *ast.FuncDecl, found map[string]bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		in := receiver(f) + "." + f.Name.Name
		switch method.Sel.Name {
		case "Advance":
			if in != "frame.advance" {
				found[in+" past frame.advance"] = true // which no list knows
			}
		case "advance", "pass":
			if len(call.Args) == 0 || in == "frame.pass" {
				return true // another pass, and what becomes of the step
			}
			target := types.ExprString(call.Args[len(call.Args)-1])
			if step, ok := strings.CutPrefix(target, "job.Step"); ok {
				target = strings.ToLower(step)
			}
			found[in+" "+target] = true
		}
		return true
	})
}

func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	return strings.TrimPrefix(types.ExprString(f.Recv.List[0].Type), "*")
}
