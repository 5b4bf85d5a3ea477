// Package kubernetes has the arguments of an object of any kind.
package kubernetes

import "reflect"

// UntypedArgs are the fields of an object as its manifest has them.
type UntypedArgs map[string]any

// ElementType makes them an input of a resource.
func (UntypedArgs) ElementType() reflect.Type { return reflect.TypeFor[map[string]any]() }
