package config

import (
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
	"go.yaml.in/yaml/v4"
)

var secretForms = []string{"{env: NAME}", "{file: PATH}", "{credential: NAME}", "{stored: NAME}"}

var howSecrets = "Use " + list(secretForms, "or")

// secret reads a reference. What stands in its place is never repeated: it may be the secret.
func (w *walker) secret(v *value, n *yaml.Node, p trail) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!null":
		w.refuse(v, v.key, p, badf("E-SECRET-REF", "is empty. %s", howSecrets))
	case n.Kind != yaml.MappingNode:
		w.refuse(v, v.at, p, badf("E-SECRET-INLINE", "is written in the file. %s", howSecrets))
	case len(n.Content) != 2:
		w.refuse(v, v.at, p, badf("E-SECRET-REF", "takes exactly one source. %s", howSecrets))
	case !slices.Contains(secretSources, n.Content[0].Value):
		w.refuse(v, v.at, p, badf("E-SECRET-REF", "names no known source. %s", howSecrets))
	default:
		w.secretSource(v, n.Content[0].Value, n.Content[1], p)
	}
}

var secretRules = map[string]string{
	"env":        "takes the name of an environment variable: letters, digits and underscore, without $",
	"file":       "takes the path of a file",
	"credential": "takes the name of a systemd credential",
	"stored":     "takes the name that was given to `haulier secrets set`",
}

func (w *walker) secretSource(v *value, from string, n *yaml.Node, p trail) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || !plainNames[from].MatchString(n.Value) {
		w.refuse(v, w.src.of(n), p.to(from), badf("E-SECRET-REF", "%s", secretRules[from]))
		return
	}
	v.text = n.Value
	v.data = &job.SecretRef{From: job.SecretSource(from), Name: n.Value}
}

// days reads mon-fri, or a list of such spans.
func (w *walker) days(v *value, n *yaml.Node, p trail) {
	var spans []string
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		spans = []string{n.Value}
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		for _, item := range n.Content {
			spans = append(spans, item.Value)
		}
	default:
		w.refuse(v, v.key, p, badf("E-VALUE", "wants days, such as mon-fri or [mon, thu]; this is %s", shape(n)))
		return
	}
	days, bad := readDays(strings.Join(spans, ","))
	if bad != nil {
		w.refuse(v, v.at, p, bad)
		return
	}
	v.data, v.text = days, strings.ToLower(strings.Join(spans, ","))
}
