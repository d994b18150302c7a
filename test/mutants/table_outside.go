package main

// fromOutside are the lines that judge what people and scripts give to the program.
func fromOutside() []mutant {
	config := func(run string) tests { return tests{"config", run} }
	web := func(run string) tests { return tests{"web", run} }
	return []mutant{
		{
			name: "config-unknown-key", holds: "a key that is written wrong is no key that is left out",
			cuts: []cut{{"config/walk_object.go", `w.fail(at, "E-UNKNOWN-KEY",`, `w.warn(at, "E-UNKNOWN-KEY",`}},
			by:   config("TestBad"),
		},
		{
			name: "config-written-twice", holds: "of two values under one key none is passed over in silence",
			cuts: []cut{{"config/walk_object.go", `w.fail(w.src.of(key), "E-DUPLICATE",`, `w.warn(w.src.of(key), "E-DUPLICATE",`}},
			by:   config("TestBad"),
		},
		{
			name: "config-key-rights", holds: "a private key that everybody may read is not used",
			cuts: []cut{{"config/judge_connection.go", "case info.Mode().Perm()&fs.FileMode(0o007) != 0:", "case info.Mode().Perm()&fs.FileMode(0) != 0:"}},
			by:   config("TestKeyFileRights"),
		},
		{
			name: "config-masks", holds: "a secret that stands in the configuration is shown in no message about it",
			cuts: []cut{{"config/mask.go", "if isSecretKey(key.Value) && !(names && value.Kind == yaml.MappingNode) {", "if false {"}},
			by:   config("TestInlineSecretsNeverLeak"),
		},
		{
			name: "api-unknown-field", holds: "a request with a field that is written wrong is not carried out without it",
			cuts: []cut{{"web/api.go", "\tdecoder.DisallowUnknownFields()\n", ""}},
			by:   web("TestBadRequests"),
		},
		{
			name: "api-size", holds: "a request is no longer than it has to be",
			cuts: []cut{{"web/api.go", "http.MaxBytesReader(nil, r.Body, maxBody)", "r.Body"}},
			by:   web("TestBadRequests"),
		},
	}
}
