package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// documented says which exported names of one file of Go have no comment. The comment of a group counts for its members.
func documented(name string, content []byte) []string {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, content, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil || file.Name.Name == "main" {
		return nil // the compiler says it better; nobody imports a command
	}
	var broken []string
	bare := func(n *ast.Ident, docs ...*ast.CommentGroup) {
		for _, doc := range docs {
			if doc != nil {
				return
			}
		}
		if n.IsExported() {
			broken = append(broken, fmt.Sprintf("%s: exported %s has no comment", fset.Position(n.Pos()), n.Name))
		}
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if receiverExported(d) {
				bare(d.Name, d.Doc)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					bare(s.Name, d.Doc, s.Doc, s.Comment)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						bare(n, d.Doc, s.Doc, s.Comment)
					}
				}
			}
		}
	}
	return broken
}

// receiverExported says whether a function can be seen outside: it has no receiver, or one of an exported type.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	if index, ok := t.(*ast.IndexExpr); ok {
		t = index.X
	}
	n, ok := t.(*ast.Ident)
	return ok && n.IsExported()
}

// packageComments collects, by folder, whether a package says in its comment what its job is.
type packageComments map[string]bool

func (p packageComments) look(name string, content []byte) {
	folder := name[:max(0, strings.LastIndex(name, "/"))]
	file, err := parser.ParseFile(token.NewFileSet(), name, content, parser.PackageClauseOnly|parser.ParseComments)
	if err != nil {
		return
	}
	doc := file.Doc.Text()
	p[folder] = p[folder] || strings.HasPrefix(doc, "Package "+file.Name.Name+" ") || strings.HasPrefix(doc, "Command ")
}
