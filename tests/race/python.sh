#!/bin/sh
# Servers for Python in the race: one process, no log.
#
#   sh tests/race/python.sh SERVER wsgi|asgi MODULE:APP PORT
#
# `race --python` starts them like this. What to install stands in python/requirements.txt.
set -eu
server=$1 interface=$2 app=$3 port=$4
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${CHECK_PYTHON:+$(dirname "$CHECK_PYTHON")}
bin=${bin:-$root/target/python/bin}
cd "$root/tests/race/python"
case $server in
bjoern)
    exec "$bin/python" -c "
import bjoern, ${app%:*} as module
bjoern.run(module.${app#*:}, '127.0.0.1', $port)"
    ;;
fastwsgi)
    exec "$bin/python" -c "
import fastwsgi, ${app%:*} as module
fastwsgi.run(module.${app#*:}, '127.0.0.1', $port, loglevel=0)"
    ;;
granian)
    exec "$bin/granian" --interface "$interface" --host 127.0.0.1 --port "$port" \
        --log-level critical "$app"
    ;;
uvicorn)
    exec "$bin/uvicorn" --host 127.0.0.1 --port "$port" --log-level critical --no-access-log "$app"
    ;;
*)
    echo "python.sh: no server named $server" >&2
    exit 2
    ;;
esac
