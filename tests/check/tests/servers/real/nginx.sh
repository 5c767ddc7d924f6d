# nginx on a port, with everything that it writes in a folder: nginx.sh PORT FOLDER
folder=$2/$1
mkdir -p "$folder/html"
# Its workers are somebody else, and must be able to read.
chmod 755 "$2" "$folder"
echo 'Hello, World!' > "$folder/html/index.html"
cat > "$folder/nginx.conf" <<CONF
daemon off; worker_processes 2; pid $folder/pid; error_log $folder/errors;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi; uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
  server { listen 127.0.0.1:$1; root $folder/html; }
}
CONF
exec nginx -p "$folder" -c "$folder/nginx.conf"
