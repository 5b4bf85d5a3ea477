"""Alerts: rules, receivers and whom to scrape, as objects of Prometheus' operator."""
