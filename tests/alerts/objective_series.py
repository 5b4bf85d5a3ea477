"""For each alert on objectives what the proxies count: web, of http, and cart, of gRPC, promise 99 % of at least 1,000
requests an hour.

A window that is longer than what is known sums what there is, so that with errors from the first minute on it is the
number of requests that has to be reached.
"""

from tests.alerts.case import SAMPLES, STEP
from tests.alerts.service_series import OF_WEB, Series

_WEB, _CANARY = (f'namespace="shop",pod="web{part}-7f9c-x2k8p"' for part in ("", "-canary"))
_CART = 'namespace="shop",pod="cart-7f9c-x2k8p"'


def _requests(rate: float, share: float, clean: int = 0, bad: int = SAMPLES, pod: str = _WEB) -> Series:
    """So many requests a second; after so many `clean` minutes a share of errors, for so many `bad` ones."""
    each = share * rate * STEP
    before = f"0x{clean - 1} " if clean else ""
    errors = f"{before}0+{each:.9g}x{bad} {each * bad:.9g}x{SAMPLES}"
    return {
        f'haproxy_frontend_http_requests_total{{{pod},proxy="inbound"}}': f"0+{rate * STEP:.9g}x{SAMPLES}",
        f'haproxy_frontend_http_responses_total{{{pod},proxy="inbound",code="5xx"}}': errors,
    }


def _of_grpc(rate: float, refused: float, waited: float, broken: float) -> Series:
    counts = {
        'frontend_http_requests_total{%s,proxy="inbound"}': rate,
        'frontend_intercepted_requests_total{%s,proxy="inbound"}': refused * rate,
        'backend_connection_errors_total{%s,proxy="app"}': waited * rate,
        'backend_response_errors_total{%s,proxy="app"}': broken * rate,
    }
    return {f"haproxy_{name % _CART}": f"0+{each * STEP:.9g}x{SAMPLES}" for name, each in counts.items()}


LOUD: list[tuple[str, int, dict[str, str], Series, str]] = [
    # After six hours without an error 14.4 % of the last one are reached with 17.28 min at 50 %.
    ("ObjectiveBurnsFast", 379 * STEP, OF_WEB, _requests(10, 0.5, clean=360), "15.16%"),
    # 6,000 requests within six hours, of which 10 % are less than 14.4 and more than 6.
    ("ObjectiveBurnsFast", 101 * STEP, OF_WEB, _requests(1, 0.1), "10%"),
    # A fifth of the requests go to a new version, which fails half of them.
    ("ObjectiveBurnsFast", 101 * STEP, OF_WEB, _requests(0.8, 0) | _requests(0.2, 0.5, pod=_CANARY), "10%"),
    ("ObjectiveBurnsFast", 101 * STEP, OF_WEB | {"workload": "cart"}, _of_grpc(1, 0.05, 0.03, 0.02), "10%"),
    # 24,000 within a day, of which 4 %; 72,000 within three, of which 2 %.
    ("ObjectiveBurns", 301 * STEP, OF_WEB, _requests(24_000 / 300 / STEP, 0.04), "4%"),
    ("ObjectiveBurns", 301 * STEP, OF_WEB, _requests(72_000 / 300 / STEP, 0.02), "2%"),
    # 240 errors, of a thousand requests and a little.
    ("ObjectiveMissedQuietly", 161 * STEP, OF_WEB, _requests(0.125, 0.2), "240.8"),
]
QUIET: list[tuple[str, Series]] = [
    # One error among 60 requests an hour.
    ("ObjectiveBurnsFast", _requests(1 / STEP, 1, clean=20, bad=1)),
    # Five minutes in which all fail are 8.3 % of the hour; and of what ended, nobody is told.
    ("ObjectiveBurnsFast", _requests(10, 1, clean=60, bad=4)),
    ("ObjectiveBurnsFast", _requests(10, 0.06)),
    # Of all requests, not of those that a new version gets.
    ("ObjectiveBurnsFast", _requests(9, 0) | _requests(1, 0.5, pod=_CANARY)),
    ("ObjectiveBurnsFast", _of_grpc(10, 0.02, 0.02, 0.02)),
    ("ObjectiveBurns", _requests(100, 0.01)),
    ("ObjectiveBurns", {}),
    ("ObjectiveMissedQuietly", _requests(0.1, 0.05)),
]
