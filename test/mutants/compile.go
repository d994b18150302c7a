package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// compiler says whether mutants compile, by their types alone: building a package for each of them would take minutes.
type compiler struct {
	root     string
	packages map[string]*listed // by folder
	exported map[string]string  // files of compiled packages, by import path
}

// listed is what the go command tells of a package.
type listed struct {
	Dir, ImportPath, Export string
	GoFiles                 []string
	ImportMap               map[string]string
}

func newCompiler(ctx context.Context, l *lab) (*compiler, error) {
	out, err := l.command(ctx, l.root, "", "go", "list", "-export", "-deps", "-json=Dir,ImportPath,Export,GoFiles,ImportMap", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("compile the program: %w", err)
	}
	c := &compiler{root: l.root, packages: map[string]*listed{}, exported: map[string]string{}}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return c, nil
		} else if err != nil {
			return nil, err
		}
		c.packages[p.Dir], c.exported[p.ImportPath] = &p, p.Export
	}
}

// compiles says why a mutant is no program, if it is none.
func (c *compiler) compiles(m mutant) error {
	files, err := m.apply(c.root)
	if err != nil {
		return err
	}
	for file := range files {
		if !strings.HasSuffix(file, ".go") {
			continue
		}
		if err := c.check(filepath.Join(c.root, filepath.Dir(file)), files); err != nil {
			return fmt.Errorf("it does not compile: %w", err)
		}
	}
	return nil
}

func (c *compiler) check(dir string, changed map[string][]byte) error {
	p := c.packages[dir]
	if p == nil {
		return fmt.Errorf("%s is no package", dir)
	}
	set := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range p.GoFiles {
		path := filepath.Join(dir, name)
		var text any
		if own, err := filepath.Rel(c.root, path); err == nil && changed[own] != nil {
			text = changed[own]
		}
		file, err := parser.ParseFile(set, path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		parsed = append(parsed, file)
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(c.exported[path]) }
	config := types.Config{Importer: importer.ForCompiler(set, "gc", open)}
	_, err := config.Check(p.ImportPath, set, parsed, nil)
	return err
}
