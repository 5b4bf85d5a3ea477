"""Incidents replayed on real Debian hosts: with the collection's roles, and with the packages as Debian ships them."""
