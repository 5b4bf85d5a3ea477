"""The rules of lesson 4: logs, caches and queues are bounded."""

from flyball.guards.reading.rule import Lesson, Rule

LOG_VOLUME = Rule("log-volume", Lesson.CLEAN_UP)
UNBOUNDED_LOG = Rule("unbounded-log", Lesson.CLEAN_UP)
LOG_GROWTH = Rule("log-growth", Lesson.CLEAN_UP)
LOG_NOT_REOPENED = Rule("log-not-reopened", Lesson.CLEAN_UP)
LOG_WRITABLE_BY_OTHERS = Rule("log-writable-by-others", Lesson.CLEAN_UP)
LOG_ROTATED_TWICE = Rule("log-rotated-twice", Lesson.CLEAN_UP)
FOLDER_TAKEN = Rule("folder-taken", Lesson.CLEAN_UP)
CACHE_SHARE = Rule("cache-share", Lesson.CLEAN_UP)
CACHE_EVICTION = Rule("cache-eviction", Lesson.CLEAN_UP)
QUEUE_BEYOND_DISK = Rule("queue-beyond-disk", Lesson.CLEAN_UP)
STORAGE_BEYOND_DISK = Rule("storage-beyond-disk", Lesson.CLEAN_UP)
MEMORY_BEYOND_HOST = Rule("memory-beyond-host", Lesson.CLEAN_UP)
QUERIES_BEYOND_MEMORY = Rule("queries-beyond-memory", Lesson.CLEAN_UP)
