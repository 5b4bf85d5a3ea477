// Reads a KubeletConfiguration as a kubelet of the pinned release would, strictly, and says what is wrong with it.
//
// Strictly: a field that the kubelet does not know is an error, and not passed over. What is read gets the defaults of
// the release, and is held against the kubelet's own validation.
package main

import (
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/kubernetes/pkg/kubelet/apis/config"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/scheme"
	"k8s.io/kubernetes/pkg/kubelet/apis/config/validation"

	utilfeature "k8s.io/apiserver/pkg/util/feature"
)

func main() {
	if err := check(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func check() error {
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	_, codecs, err := scheme.NewSchemeAndCodecs(serializer.EnableStrict)
	if err != nil {
		return err
	}
	object, _, err := codecs.UniversalDecoder().Decode(data, nil, nil)
	if err != nil {
		return err
	}
	found, ok := object.(*config.KubeletConfiguration)
	if !ok {
		return fmt.Errorf("%T is no KubeletConfiguration", object)
	}
	// A kubelet finds out by itself which groups its machine has.
	found.FailCgroupV1 = false
	return validation.ValidateKubeletConfiguration(found, utilfeature.DefaultFeatureGate)
}
