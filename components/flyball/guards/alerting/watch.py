"""When people are told that nobody watches, or that a certificate is near its end."""

DAY = 86_400
MISSING_SHARE = 0.5
"""Of the targets of a workload: pods that come and go are fewer."""
MISSING_FOR = 900
"""Seconds: a release replaces all pods of a workload meanwhile."""
ENDS_SOON = 14 * DAY
"""Seconds. Who renews by machine does so a month or a third of the life before (https://letsencrypt.org/docs/
integration-guide/): by now it has failed for two weeks, and there are two left."""
RENEWAL_LATE = DAY
"""Seconds after the time for which cert-manager has planned it; it tries again each hour at the latest."""
ENDS = DAY
"""Seconds in which people have to renew it by hand."""
CERTIFICATE_FOR = 3600
"""Seconds that a renewal, and its way to whoever serves it, may take."""
