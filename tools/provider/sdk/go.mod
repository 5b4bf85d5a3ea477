// Of Pulumi's Kubernetes SDK for Go, what the provider itself uses: three small packages instead of sixty-six, most of
// them types that only programs in Go need, which take longer to compile than all the rest of the provider.
module github.com/pulumi/pulumi-kubernetes/sdk/v4

go 1.26.0

require github.com/pulumi/pulumi/sdk/v3 v3.215.0
