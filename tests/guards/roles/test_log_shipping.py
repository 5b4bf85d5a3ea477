"""Shipped logs wait in a queue that fits where it lies."""

from flyball.guards.clean_up.retention import MI
from flyball.guards.roles.log_shipping import MESSAGES, SEGMENT, read

QUEUE_DISK = 1024 * MI  # the default

VARIABLES: dict[str, object] = {
    "log_shipping_host": "logs.example.com",
    "log_shipping_port": 2514,
    "log_shipping_protocol": "relp",
    "log_shipping_tls": False,
    "log_shipping_ca": "",
    "log_shipping_cert": "",
    "log_shipping_key": "",
    "log_shipping_queue_disk": "1Gi",
    "log_shipping_queue_messages": 10_000,
    "log_shipping_files": [{"path": "/var/log/shop/*.log", "tag": "shop"}],
}


def said(free: int = 2 * QUEUE_DISK, **variables: object) -> list[str]:
    return [str(problem) for problem in read({**VARIABLES, **variables}, free)[1]]


def test_what_is_asked_for() -> None:
    shipping, problems = read(VARIABLES, QUEUE_DISK)
    assert problems == []
    assert (shipping.queue_disk, shipping.segment) == (QUEUE_DISK, SEGMENT) == (1024 * MI, 4 * MI)
    assert shipping.files == (("/var/log/shop/*.log", "shop"),)


def test_the_disk_stays_within_its_limit_and_is_used_before_anything_is_dropped() -> None:
    for messages in (MESSAGES, 10_000, 1_000_000):
        shipping, _ = read({**VARIABLES, "log_shipping_queue_messages": messages}, QUEUE_DISK)
        # rsyslog does not count the batch that is being sent, and drops where batch and the rest fill the memory.
        assert messages - shipping.queue_batch > shipping.queue_to_disk > shipping.queue_disk_until
    assert said(log_shipping_queue_messages=MESSAGES - 1) == [
        "log_shipping_queue_messages: is 1999; allowed is from 2000 to 1000000"
    ]
    assert shipping.queue_limit + 2 * 64 * 1024 < shipping.queue_disk


def test_a_queue_that_does_not_fit_is_refused() -> None:
    assert said(free=QUEUE_DISK - 1) == [
        "log_shipping_queue_disk: 1Gi is more than the 1024Mi that are free where the queue lies;"
        " a full disk would stop local logs too; lower it"
    ]
    assert said(log_shipping_queue_disk="7Mi") == ["log_shipping_queue_disk: is 7Mi; allowed is at least 8Mi"]


def test_tls_needs_an_authority_and_relp_a_certificate_of_its_own() -> None:
    hint = "is missing; with TLS, name the file of"
    authority = f"log_shipping_ca: {hint} the authority to trust, on the host"
    own = f"log_shipping_cert: {hint} the host's own certificate, on the host"
    key = f"log_shipping_key: {hint} its key, on the host"
    assert said(log_shipping_tls=True) == [authority, own, key]
    assert said(log_shipping_tls=True, log_shipping_protocol="json") == [authority]
    given = {"log_shipping_tls": True, "log_shipping_ca": "/etc/ssl/logs.pem"}
    assert said(**given, log_shipping_protocol="json") == []
    assert said(**given, log_shipping_protocol="json", log_shipping_cert="/etc/ssl/own.pem") == [key]
    assert said(**given, log_shipping_cert="/etc/ssl/own.pem", log_shipping_key="own.key") == [
        "log_shipping_key: 'own.key' is no path; with TLS, name the file of its key, on the host"
    ]


def test_files_that_cannot_be_named_in_the_configuration_are_refused() -> None:
    assert said(log_shipping_files=[{"path": '/a"b', "tag": "no tag"}]) == [
        "log_shipping_files[0].path: '/a\"b' is no path; give an absolute one without spaces",
        "log_shipping_files[0].tag: 'no tag' is not allowed; give up to 32 letters, digits, - and _",
    ]


def test_all_files_of_a_folder_may_be_named() -> None:
    assert said(log_shipping_files=[{"path": "/var/log/shop/*", "tag": "shop"}]) == []
