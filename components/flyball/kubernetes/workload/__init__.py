"""The objects of one workload, each kind in a module, and the component that registers them."""
