module flyball/tools/monitoring

go 1.26.0

// Only the descriptions of its kinds are used, in example/prometheus-operator-crd; no program is built from it.
require github.com/prometheus-operator/prometheus-operator v0.85.0
