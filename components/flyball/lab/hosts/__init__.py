"""Real Debian hosts on this machine, for tests and drills: systemd as first process, sshd, a network of their own."""
