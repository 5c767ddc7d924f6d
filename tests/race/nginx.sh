#!/bin/sh
# nginx for the race: one process, one fixed answer, no log.
#
#   cargo run --release -p race -- --cmd 'sh tests/race/nginx.sh {port}' --name nginx
#
# Needs nginx (Debian: apt-get install nginx-light). Its files go to target/nginx.
set -eu
port=$1
root=$(cd "$(dirname "$0")/../.." && pwd)/target/nginx
mkdir -p "$root"
cat >"$root/$port.conf" <<CONF
daemon off;
master_process off;
pid $port.pid;
worker_rlimit_nofile 20100;
events { worker_connections 20000; }
http {
    access_log off;
    client_body_temp_path temp;
    proxy_temp_path temp;
    fastcgi_temp_path temp;
    uwsgi_temp_path temp;
    scgi_temp_path temp;
    keepalive_requests 1000000000;
    default_type "text/plain; charset=utf-8";
    server {
        listen 127.0.0.1:$port;
        location / { return 200 "Hello, World!"; }
    }
}
CONF
exec nginx -p "$root" -e stderr -c "$port.conf"
