"""When a workload's replicas were last changed: a clock within admission, with no component behind it.

CEL has no clock, but the API server writes one into each object: `metadata.managedFields` says who owns
``spec.replicas`` and since when. The entry of a write that changes replicas always carries the server's time of that
very write, whatever a client sends. On the way from the scale subresource to the object the server drops that time;
the name of the field manager survives, so a mutating policy appends the time to it:
``kubectl at 2026-01-31T12:00:00Z``.
Times are compared as text: RFC 3339 in UTC with whole seconds sorts as it reads.
"""

_STAMP = " at "
"""Between the name of a field manager and the time of its write to the scale subresource."""
_BUCKET = "ancient-changes"
"""The field manager into which the API server merges the oldest entries beyond ten; its time is that of another."""

_OWNS = "has(m.fieldsV1) && 'f:spec' in m.fieldsV1 && 'f:replicas' in m.fieldsV1['f:spec']"
_TIME = "string(m.?time.orValue(''))"
_OF_SCALE = f"(m.manager.contains('{_STAMP}') ? m.manager.split('{_STAMP}')[1] : '')"

LOSES_ITS_TIME = "m.operation == 'Update' && m.?subresource.orValue('') != 'scale' && has(m.time)"
"""CEL: whether an entry of a Scale is of a write to the object itself, whose time is lost on the way back to it."""


def entries(subject: str) -> str:
    """CEL: the entries of all field managers of `subject`."""
    return f"dyn({subject}).metadata.?managedFields.orValue([])"


def stamped(entry: str, moment: str) -> str:
    """CEL: the name of an entry's field manager with the time `moment`, in place of one that it has already."""
    return f"{entry}.manager.split('{_STAMP}')[0] + '{_STAMP}' + {moment}"


def owners(subject: str) -> str:
    """CEL: the entries of the field managers that own the replicas of `subject`."""
    return f"{entries(subject)}.filter(m, {_OWNS})"


def merged(subject: str) -> str:
    """CEL: whether the time of the last change was lost in a merge of old entries."""
    return f"{owners(subject)}.exists(m, m.manager == '{_BUCKET}')"


def changes(subject: str) -> str:
    """CEL: times of which the earliest is not before the last change of the replicas of `subject`.

    An owner that was not there at the last change came later. Where the owner is a merge of old entries, the latest
    write to the object stands for it. An autoscaler's entry has no time, and none is known then.
    """
    latest = f"{entries(subject)}.map(m, {_TIME}).max()"
    stamp = f"(m.manager == '{_BUCKET}' ? {latest} : m.?subresource.orValue('') == 'scale' ? {_OF_SCALE} : {_TIME})"
    return f"{owners(subject)}.map(m, {stamp}).filter(s, s != '')"


def earliest(times: str) -> str:
    """CEL: the earliest of the times, an empty text if there is none."""
    return f"({times}.size() == 0 ? '' : {times}.min())"


def written(subject: str) -> str:
    """CEL: the server's time of the write that `subject` is the outcome of, if it changed the replicas.

    The write then took them from all other owners. An empty text where the object keeps no managed fields.
    """
    return f"({owners(subject)}.size() == 1 ? {owners(subject)}[0].?time.orValue('') : '')"


def seconds_between(start: str, end: str) -> str:
    """CEL: whole seconds between two times."""
    return f"(timestamp({end}) - timestamp({start})).getSeconds()"
