module flyball/tools/gateway

go 1.26.5

require sigs.k8s.io/gateway-api v1.4.1 // indirect
