"""What runs in a lab beside HAProxy and the load generator, each in a process of its own."""
