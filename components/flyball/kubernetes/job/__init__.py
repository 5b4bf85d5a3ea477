"""The objects of one job, and the component that registers them."""
