"""Lesson 2, for whatever is read: a value is what it should be, or everything stops before it begins."""

from flyball.guards.reading.rule import Lesson, Rule

UNKNOWN_KEY = Rule(
    "unknown-key",
    Lesson.FAIL_FAST,
    what="Every key is a known one. A misspelt limit that is passed over is no limit.",
    source="The typed arguments, which are the schema.",
    remedy="Take the nearest known key, which the message names.",
)
WRONG_TYPE = Rule(
    "wrong-type",
    Lesson.FAIL_FAST,
    what="Every value has the type of its argument; nothing is guessed from text.",
    source="The typed arguments, which are the schema.",
    remedy="Write the value as the message says: quoted text, a number, a list, a map.",
)
KNOWN_TOO_LATE = Rule(
    "known-too-late",
    Lesson.FAIL_FAST,
    what="What decides which objects there are, how many replicas run and how long they take is known before anything"
    " is made: else a preview would promise what it cannot know.",
    source="An Output of Pulumi's has its value only while a program runs, and in a preview perhaps none"
    " (https://www.pulumi.com/docs/iac/concepts/inputs-outputs/).",
    remedy="Give a plain value, as from pulumi.Config.",
)
MISSING = Rule(
    "missing",
    Lesson.FAIL_FAST,
    what="What nothing can be derived from is given: it has no default, because any default would be a guess.",
    source="The required keys of the typed arguments.",
    remedy="Give it.",
)
UNANSWERED = Rule(
    "unanswered",
    Lesson.FAIL_FAST,
    what="A question that was left open is answered before anything is made of it: a number that nobody knows is asked"
    ' for as "?", and never guessed.',
    source="What is written for a system that runs already (`flyball adopt`) has its load to be measured.",
    remedy="Measure it, and write the number.",
)
EMPTY = Rule(
    "empty",
    Lesson.FAIL_FAST,
    what="A key that is there has a value; an empty one may mean none, all or forgotten.",
    source="YAML reads an empty value as null (https://yaml.org/spec/1.2.2/#103-core-schema).",
    remedy="Give a value, or remove the key.",
)
UNIT = Rule(
    "unit",
    Lesson.FAIL_FAST,
    what="A duration, a size or a processor share says its unit: 30 may be seconds or milliseconds.",
    source="Sizes and shares as in https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/;"
    " durations in d, h, m, s and ms.",
    remedy="Write a number with its unit, as 250ms, 1m30s, 64Mi, 100m.",
)
OUT_OF_RANGE = Rule(
    "out-of-range",
    Lesson.FAIL_FAST,
    what="A number is within the limits of what it counts, and of what will read it.",
    source="Each limit is given with its source where the value is read.",
    remedy="Take a value within the limits, which the message names.",
)
UNKNOWN_VALUE = Rule(
    "unknown-value",
    Lesson.FAIL_FAST,
    what="A word that stands for one of several things is one of those that there are.",
    source="The words are listed where the value is read.",
    remedy="Take one of the words that the message names.",
)
GIVEN_TWICE = Rule(
    "given-twice",
    Lesson.FAIL_FAST,
    what="What must be unique is there once: of two things with one name, one would silently replace the other.",
    source="Names of Kubernetes objects, of resources in a Pulumi program and of parts of a configuration are unique.",
    remedy="Rename or remove one of them.",
)
INVALID_NAME = Rule(
    "invalid-name",
    Lesson.FAIL_FAST,
    what="A name is one that whoever gets it accepts: Kubernetes, an environment, systemd, HAProxy, Prometheus.",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ and the manual of each reader.",
    remedy="Take the letters that the message allows.",
)
INVALID_ADDRESS = Rule(
    "invalid-address",
    Lesson.FAIL_FAST,
    what="A host, an address, a range, a port or a URL can be reached as it is written.",
    source="Host names: RFC 1123, 2.1; addresses: RFC 4291 and RFC 791; URLs: RFC 3986.",
    remedy="Write it in the form that the message shows.",
)
INVALID_PATH = Rule(
    "invalid-path",
    Lesson.FAIL_FAST,
    what="A path is absolute and plain, so that it means the same to everybody who reads it.",
    source="What a configuration file can hold without quoting.",
    remedy="Give an absolute path, without spaces or ..",
)
INVALID_TEXT = Rule(
    "invalid-text",
    Lesson.FAIL_FAST,
    what="A text has the form that its reader knows, so that nothing in it is taken for something else.",
    source="The form is given where the value is read.",
    remedy="Write it in the form that the message shows.",
)
DOES_NOT_APPLY = Rule(
    "does-not-apply",
    Lesson.FAIL_FAST,
    what="An argument that would have no effect is not given; somebody relies on it.",
    source="What the protocol or the other arguments make of it.",
    remedy="Remove it, or give what it needs.",
)
EITHER_OR = Rule(
    "either-or",
    Lesson.FAIL_FAST,
    what="Of arguments that exclude each other exactly one is given.",
    source="Each of them would replace the others.",
    remedy="Keep one of them.",
)
UNREADABLE_FILE = Rule(
    "unreadable-file",
    Lesson.FAIL_FAST,
    what="A file is what the Pulumi CLI could read as well: YAML 1.2 in UTF-8, each key once.",
    source="https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/",
    remedy="Mend the file at the line and column that the message names.",
)
FILE_TOO_LARGE = Rule(
    "file-too-large",
    Lesson.FAIL_FAST,
    what="A file has at most 16 MiB and a million values, five times what ten thousand services need: to read more"
    " takes memory and minutes, and ends in nothing that people could look through.",
    source="Measured: ten thousand services are 3 MiB and 215,000 values.",
    remedy="Split it into several stacks.",
)
NESTED_TOO_DEEPLY = Rule(
    "nested-too-deeply",
    Lesson.FAIL_FAST,
    what="At most 64 maps and lists lie within each other. No argument lies deeper than ten, and what follows values to"
    " any depth ends at the interpreter's own limit, in the middle of its work.",
    source="Python's recursion limit of 1,000 calls (sys.setrecursionlimit), with a dozen calls for each level.",
    remedy="Look for a bracket that was not closed.",
)
TOO_MANY_ALIASES = Rule(
    "too-many-aliases",
    Lesson.FAIL_FAST,
    what="Aliases repeat at most a million values in all. Ten lines of which each repeats the one before ten times are"
    " ten thousand million values.",
    source="The billion laughs attack (CWE-776).",
    remedy="Name less by an anchor, or use no alias within it.",
)
SECRET_IN_PLAIN_TEXT = Rule(
    "secret-in-plain-text",
    Lesson.FAIL_FAST,
    what="A secret is encrypted where it is written, and lies in a Secret in the cluster: nowhere may it be read in"
    " passing.",
    source="https://www.pulumi.com/docs/iac/concepts/secrets/",
    remedy="Encrypt it under `secrets`, or name an existing Secret under `refs`.",
)
