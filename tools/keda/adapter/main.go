// Command adapter serves the external metrics API with KEDA's own provider.
//
// KEDA's own command also serves Prometheus metrics about itself, always on every interface of the machine. This one
// listens where --bind-address says and nowhere else.
package main

import (
	"context"
	"fmt"
	"os"

	grpcprom "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	kedav1alpha1 "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	"github.com/kedacore/keda/v2/pkg/metricsservice"
	"github.com/kedacore/keda/v2/pkg/provider"
	"k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	basecmd "sigs.k8s.io/custom-metrics-apiserver/pkg/cmd"
)

func main() {
	if err := run(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	ctrl.SetLogger(zap.New())
	adapter := &basecmd.AdapterBase{Name: "keda-adapter"}
	operator := adapter.Flags().String("metrics-service-address", "127.0.0.1:9666", "where the operator serves figures")
	if err := adapter.Flags().Parse(os.Args); err != nil {
		return err
	}
	config, err := adapter.ClientConfig()
	if err != nil {
		return err
	}
	if err := kedav1alpha1.AddToScheme(scheme.Scheme); err != nil {
		return err
	}
	reader, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		return err
	}
	certificates := adapter.SecureServing.ServerCert.CertDirectory
	figures, err := metricsservice.NewGrpcClient(ctx, *operator, certificates, "", "", grpcprom.NewClientMetrics(), false)
	if err != nil {
		return err
	}
	adapter.WithExternalMetrics(provider.NewProvider(ctx, ctrl.Log, reader, *figures))
	return adapter.Run(ctx)
}
