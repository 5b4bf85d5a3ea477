"""What puts files of the collector aside that it ends on.

The collector looks through its files as it opens them, in a part of bbolt that ends the process where it meets what is
no tree: nothing within the collector can answer that (opentelemetry-collector-contrib#35899), and it would begin and
end for ever. Its image has no shell; so this runs beside it, and looks at files while the collector does not answer.

A file of bbolt (https://github.com/etcd-io/bbolt, `internal/common`) begins with two pages that are written in turn.
The newer one says where the tree's root is and how many pages there are; a root bears its own number, and is a branch
or a leaf.
"""

from flyball.collector.config import OFFSETS, WAITING, Node

LOOK = 5
"""Seconds between two looks; a file is put aside once two of them, one after the other, found it damaged."""
AFTER = 600
"""Seconds without an answer after which it is said that none of the files is why."""
ASIDE = "damaged"
_MAGIC = 0xED0CDAED
"""Of each of the two pages; numbers are in the order of the machine."""


def script(node: Node, look: int = LOOK) -> str:
    """For bash, which can open a connection by itself; with od and stat of coreutils or busybox."""
    folders = " ".join(f"{node.state}/{name}/*" for name in (OFFSETS, WAITING))
    return f"""\
trap 'exit 0' TERM
number() {{ od -An -v -t "u$3" -j "$2" -N "$3" "$1" 2>/dev/null | tr -d ' \\n'; }}
damaged() {{
  local file=$1 size page at newest=-1 root= pages= meta
  size=$(stat -c %s "$file") || return 1
  page=
  for at in 0 4096 8192 16384 32768 65536; do
    [ "$(number "$file" $((at + 16)) 4)" = {_MAGIC} ] || continue
    page=$(number "$file" $((at + 24)) 4)
    break
  done
  [ "$page" ] || return 0
  for at in 0 "$page"; do
    [ "$(number "$file" $((at + 16)) 4)" = {_MAGIC} ] || continue
    meta=$(number "$file" $((at + 64)) 8)
    [ "$meta" -gt "$newest" ] || continue
    newest=$meta
    root=$(number "$file" $((at + 32)) 8)
    pages=$(number "$file" $((at + 56)) 8)
  done
  [ $((pages * page)) -le "$size" ] || return 0
  [ "$(number "$file" $((root * page)) 8)" = "$root" ] || return 0
  case $(number "$file" $((root * page + 8)) 2) in 1 | 2) return 1 ;; *) return 0 ;; esac
}}
declare -A suspect
silent=0
while :; do
  sleep {look} &
  wait $!
  if (: < "/dev/tcp/{node.host or "127.0.0.1"}/{node.health}") 2>/dev/null; then
    suspect=() silent=0
    continue
  fi
  silent=$((silent + {look}))
  [ "$silent" -ne {AFTER} ] || echo "the collector has not answered for {AFTER} s, and none of its files is why"
  for file in {folders}; do
    case $file in *.* | */tempdb*) continue ;; esac
    [ -s "$file" ] || continue
    if ! damaged "$file"; then
      unset "suspect[$file]"
    elif [ "${{suspect[$file]}}" ]; then
      rm -f "${{file%/*}}"/*.{ASIDE}
      mv "$file" "$file.{ASIDE}" &&
        echo "$file is damaged, and the collector ended on it: put aside as $file.{ASIDE};" \\
          "what waited in it is lost, or places in files, which are then read again"
      unset "suspect[$file]"
    else
      suspect[$file]=1
    fi
  done
done
"""
