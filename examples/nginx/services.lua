-- What the gateway serves: /NAME/… goes to the service NAME. Each has a port of its own on loopback, and is stopped
-- after `idle` seconds without a request.
return {
  hello = {
    image = "docker.io/library/busybox:latest",
    args = { "/bin/sh", "-c", "mkdir -p /www; echo hello >/www/index.html; exec httpd -f -p 127.0.0.1:8101 -h /www" },
    port = 8101,
    idle = 30,
    memory = "64M",
  },
  files = {
    image = "docker.io/library/busybox:latest",
    args = { "/bin/httpd", "-f", "-p", "127.0.0.1:8102", "-h", "/etc" },
    port = 8102,
    idle = 30,
  },
}
