"""Dashboards: what people look at when an alert has called them, from the series and thresholds that alerts go by."""
