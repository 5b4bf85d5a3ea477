#!/bin/sh
# Asked by the maintainer scripts of packages before they do anything to a service: 101 forbids it. Stopping and looking
# stay allowed, and nothing else: packages know more words for a start than one could list. Without a freeze all is.
# invoke-rc.d(8): [options] service "actions" [runlevel]
[ -e /etc/flyball/freeze.json ] || exit 0
while case ${1-} in --*) true ;; *) false ;; esac; do
    shift
done
actions=${2-}
[ -n "$actions" ] || exit 101
for action in $actions; do
    case $action in
    stop | status | force-stop | "(stop)" | "(status)" | "(force-stop)") ;;
    *) exit 101 ;;
    esac
done
exit 0
