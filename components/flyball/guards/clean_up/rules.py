"""The rules of lesson 4: logs, caches and queues are bounded."""

from flyball.guards.reading.rule import Lesson, Rule

LOG_VOLUME = Rule(
    "log-volume",
    Lesson.CLEAN_UP,
    what="The log files that are kept, and the one being written, fit in their volume; a full one takes the service"
    " along.",
    source="`size * (files + 1) <= volume`.",
    remedy="Raise the volume, or lower size or files.",
    drill="log-storm",
)
UNBOUNDED_LOG = Rule(
    "unbounded-log",
    Lesson.CLEAN_UP,
    what="Logs have an end in size, in number and in age.",
    source="Each limit is at least 1.",
    remedy="Give a limit.",
    drill="log-storm",
)
LOG_GROWTH = Rule(
    "log-growth",
    Lesson.CLEAN_UP,
    what="A limit on size holds only when somebody looks: between two looks a log stays within what its volume has"
    " left.",
    source="`interval <= (volume / (files + 2) - size) / rate`: each file kept may have grown so, the one being"
    " written, and the copy of one that is being compressed.",
    remedy="Look more often, raise the volume, or lower size or files.",
    drill="log-storm",
)
LOG_NOT_REOPENED = Rule(
    "log-not-reopened",
    Lesson.CLEAN_UP,
    what="Whoever writes a log opens it anew after a rotation; else it goes on writing to the old file, which fills the"
    " disk unseen.",
    source="logrotate(8), postrotate.",
    remedy="Name the unit to signal, or say that it opens the file for each line.",
)
LOG_SIGNAL_FATAL = Rule(
    "log-signal-fatal",
    Lesson.CLEAN_UP,
    what="A service gets no signal that its process does not catch: rotating its log would end it.",
    source="SigCgt of /proc/PID/status (proc_pid_status(5)); signal(7): HUP, USR1 and USR2 end a process without a"
    " handler. Looked at when the role is applied, and again before and after each rotation.",
    remedy="Name the signal on which it opens its log anew, or say that it opens the file for each line; copytruncate"
    " loses what is written meanwhile.",
    drill="rotation",
)
LOG_WRITABLE_BY_OTHERS = Rule(
    "log-writable-by-others",
    Lesson.CLEAN_UP,
    what="Neither a log nor a file that configures its rotation may be written by others; logrotate follows the one and"
    " passes over the other without an error.",
    source="logrotate(8), su and the permissions of configuration files.",
    remedy="Take 0640 for logs, and chmod 0644 for configuration.",
)
LOG_FOLDER_SHARED = Rule(
    "log-folder-shared",
    Lesson.CLEAN_UP,
    what="The folder of a log belongs to whoever rotates it: somebody else could put links there, which root would"
    " follow, and who cannot write there cannot rename the log.",
    source="logrotate(8), su: without it logrotate refuses such a folder, with it it looks at none.",
    remedy="Take the right to write from others, or name who writes there as folder_owner.",
)
LOG_ROTATED_TWICE = Rule(
    "log-rotated-twice",
    Lesson.CLEAN_UP,
    what="Each log is rotated by one entry; logrotate fails where two name the same path.",
    source="logrotate(8): `duplicate log entry` is an error.",
    remedy="Name it once, or remove the other file.",
)
FOLDER_TAKEN = Rule(
    "folder-taken",
    Lesson.CLEAN_UP,
    what="Every volume of a pod has a name and a folder of its own, so that the limit of each is its own too.",
    source="https://kubernetes.io/docs/concepts/storage/volumes/#emptydir, sizeLimit.",
    remedy="Give each volume a folder of its own.",
)
CACHE_SHARE = Rule(
    "cache-share",
    Lesson.CLEAN_UP,
    what="A cache takes at most 60 % of the memory there is, with a replica 30 %; the rest is for fragmentation, client"
    " buffers, and a copy while it saves or fills its replica.",
    source="`maxmemory = floor(memory * share)`, share above 0 and at most 0.6, with a replica 0.3, at least 1 MiB."
    " What lies beside it: https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/memory-optimization/",
    remedy="Lower the share, or give it more memory.",
    drill="cache-flood",
)
CACHE_EVICTION = Rule(
    "cache-eviction",
    Lesson.CLEAN_UP,
    what="A full cache always finds something to evict. Without an eviction, or with one for keys with a time to live"
    " only, every write fails in the end.",
    source="https://redis.io/docs/latest/develop/reference/eviction/",
    remedy="Take allkeys-lru, allkeys-lfu or allkeys-random.",
    drill="cache-flood",
)
REPLICA_BUFFER = Rule(
    "replica-buffer",
    Lesson.CLEAN_UP,
    what="What is written while a replica is filled fits in its buffer, and that in the memory beside two copies of the"
    " keys. A smaller buffer is closed each time and filled anew for ever, a larger one ends the cache.",
    source="`2 * writes * seconds + 4 MiB <= memory - 2 * maxmemory - maxmemory / 10 - max(memory / 4, 16 MiB)`, where"
    " it is filled in `maxmemory / (40 MiB/s * cpu)` seconds;"
    " https://redis.io/docs/latest/develop/reference/clients/#output-buffer-limits. Redis 7.0.15 with a maxmemory of"
    " 200 MB took 582 MiB while it filled a replica under writes.",
    remedy="Give it more memory, or lower the share.",
    drill="cache-flood-pod",
)
CACHE_BEYOND_HALF = Rule(
    "cache-beyond-half",
    Lesson.CLEAN_UP,
    what="A cache within a process takes at most half of its container's memory: entries are counted without what the"
    " language keeps around them, and requests need the rest.",
    source="`cache.memory * 2 <= resources.limits.memory`; a margin.",
    remedy="Lower the cache's memory, or raise the container's limit.",
)
QUEUE_BEYOND_DISK = Rule(
    "queue-beyond-disk",
    Lesson.CLEAN_UP,
    what="Logs that nobody takes wait in a queue that the disk can hold; a full disk would stop local logs too.",
    source="`queue <= free space where it lies`.",
    remedy="Lower the queue's limit, or enlarge the disk.",
    drill="log-server-dead",
)
LOGS_STAY = Rule(
    "logs-stay",
    Lesson.CLEAN_UP,
    what="Logs leave the node: the kubelet deletes them with the pod, a lost node takes its own along, and so goes what"
    " would have told why. `plan` warns of services whose logs stay; who means it says why.",
    source="https://kubernetes.io/docs/concepts/cluster-administration/logging/",
    remedy="Say where they go, or `to: none` with a reason.",
    drill="pipeline",
)
LOGS_IN_PLAIN_TEXT = Rule(
    "logs-in-plain-text",
    Lesson.CLEAN_UP,
    what="Raw logs hold what nobody meant to show, and a token goes with them: what leaves the cluster is encrypted.",
    source="`https`, or a name that ends in .svc or goes on after it.",
    remedy="Take https, or a server within the cluster.",
)
STORAGE_BEYOND_DISK = Rule(
    "storage-beyond-disk",
    Lesson.CLEAN_UP,
    what="Prometheus keeps at most 80 % of its disk: what comes in and blocks being made lie beside that limit.",
    source="https://prometheus.io/docs/prometheus/latest/storage/ advises 80 to 85 %.",
    remedy="Lower the limit, or enlarge the disk.",
)
MEMORY_BEYOND_HOST = Rule(
    "memory-beyond-host",
    Lesson.CLEAN_UP,
    what="Prometheus takes at most 80 % of the host's memory; a host that runs out of memory watches nobody.",
    source="A margin; the limit is that of its control group.",
    remedy="Lower the limit, or take a larger host.",
)
QUERIES_BEYOND_MEMORY = Rule(
    "queries-beyond-memory",
    Lesson.CLEAN_UP,
    what="All queries at one time take at most half of Prometheus' memory, so that none of them stops the watching.",
    source="`concurrency * samples * 16 bytes <= memory / 2`: a time and a value of 8 bytes each.",
    remedy="Lower the samples or the concurrency, or raise the memory.",
)
NODE_LOGS_BEYOND_POD = Rule(
    "node-logs-beyond-pod",
    Lesson.CLEAN_UP,
    what="What the kubelet lets a container's log grow to fits in what each pod counts on for it; a pod that exceeds"
    " its limit of ephemeral storage is evicted, and these pods know nothing of the node they come to.",
    source="`files * (size + growth) <= 50Mi * 3 + 64Mi`, with what is written until a log is renamed, `growth = rate *"
    " (interval + rounds * (size + growth) / 25Mi)` and `rounds = ceil(busy / workers)`.",
    remedy="Lower size or files, look more often, or give more workers.",
)
NODE_LOGS_BEYOND_DISK = Rule(
    "node-logs-beyond-disk",
    Lesson.CLEAN_UP,
    what="The logs of all containers of a node and the images in use, which no clean-up of images removes, stay below"
    " where it stops; else it removes all others in vain, and pods are evicted.",
    source="`containers * files * (size + growth) + images.size <= disk * images.low / 100`.",
    remedy="Take a larger disk, fewer containers on it, or smaller logs.",
)
KUBELET_TOO_SLOW = Rule(
    "kubelet-too-slow",
    Lesson.CLEAN_UP,
    what="The kubelet compresses logs faster than containers write them; else they grow without an end, whatever their"
    " limit.",
    source="`ceil(busy / workers) * rate < 25Mi/s`, what a processor compresses. https://github.com/kubernetes/kubernetes/"
    "issues/110630",
    remedy="Give more workers, or let containers write less.",
)
CLEAN_UP_AFTER_EVICTION = Rule(
    "clean-up-after-eviction",
    Lesson.CLEAN_UP,
    what="On a disk that fills, images that nobody uses go before any pod, and pods get their time to end before they"
    " are killed. As it comes, the kubelet begins both at 85 %.",
    source="`images.low < images.high < 100 - eviction.soft < 100 - eviction.hard`. https://kubernetes.io/docs/concepts/"
    "scheduling-eviction/node-pressure-eviction/",
    remedy="Lower where the clean-up begins, or what must be left.",
)
KUBELET_DIFFERS = Rule(
    "kubelet-differs",
    Lesson.CLEAN_UP,
    what="The kubelets that run are set as the stack counts on. One that is not lets logs fill its disk, or evicts pods"
    " where images could go.",
    source="`/api/v1/nodes/NAME/proxy/configz` of each node, against what `flyball render` writes for it.",
    remedy="Give the node group that configuration, and replace its nodes.",
)
KUBELET_SILENT = Rule(
    "kubelet-silent",
    Lesson.CLEAN_UP,
    what="A node that cannot be asked is not taken for one that is set right.",
    source="As before; it needs the right `get` on `nodes/proxy`, and a kubelet with its debugging handlers on.",
    remedy="Ask with these rights, and see why the node does not answer.",
)
