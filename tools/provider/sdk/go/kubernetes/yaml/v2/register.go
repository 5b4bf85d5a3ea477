// Package v2 registers the objects of manifests, for the provider's ConfigFile, ConfigGroup, Chart and Directory.
package v2

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// object is a resource of which nobody reads the fields: others take only its URN and its id from it.
type object struct {
	pulumi.CustomResourceState
}

// RegisterResource registers an object as the resource of its kind. The core group has no name in an apiVersion, but
// one in the type of a resource: v1 and Pod make kubernetes:core/v1:Pod.
func RegisterResource(
	ctx *pulumi.Context, apiVersion, kind, name string, properties pulumi.Input, options ...pulumi.ResourceOption,
) (pulumi.CustomResource, error) {
	if apiVersion == "v1" {
		apiVersion = "core/v1"
	}
	var resource object
	token := fmt.Sprintf("kubernetes:%s:%s", apiVersion, kind)
	if err := ctx.RegisterResource(token, name, properties, &resource, options...); err != nil {
		return nil, err
	}
	return &resource, nil
}
