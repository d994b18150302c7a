package main

import (
	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/web"
)

// checker judges for the API configurations that are sent.
type checker struct{}

func (checker) CheckText(text []byte) web.Checked {
	problems := config.CheckText(text, configName, configOptions(config.Known{}))
	checked := web.Checked{Errors: problems.Errors(), Warnings: problems.Warnings(), Problems: []web.Diagnostic{}}
	for _, p := range problems.List {
		checked.Problems = append(checked.Problems, web.Diagnostic{File: p.File, Line: p.Line, Column: p.Column, Severity: string(p.Severity), Code: p.Code, Message: p.Message})
	}
	return checked
}
