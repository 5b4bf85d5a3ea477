#!/bin/sh
# Asked by the maintainer scripts of packages before they start or restart a service: 101 forbids it.
# Stopping stays allowed; without a freeze everything is.
[ -e /etc/flyball/freeze.json ] || exit 0
for word; do
    case $word in
    start | restart | try-restart | reload | force-reload | "(start)" | "(restart)") exit 101 ;;
    esac
done
exit 0
