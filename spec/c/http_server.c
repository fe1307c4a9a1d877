#include "http_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_MAX 256
#define REQUEST_SIZE 16384

struct http_server_thread {
  pthread_t thread;
  pthread_mutex_t lock;
  int listener;
  int count;
  char *requests[REQUESTS_MAX];
};

void http_write(int connection, const void *data, size_t size) {
  const char *bytes = data;
  while (size > 0) {
    ssize_t written = send(connection, bytes, size, MSG_NOSIGNAL);
    if (written <= 0)
      return; /* the client has had enough */
    bytes += written;
    size -= (size_t)written;
  }
}

void http_reply(int connection, const char *status, const char *headers, const char *body) {
  char head[2048];
  int size = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n%s\r\n", status,
                      strlen(body), headers);
  http_write(connection, head, (size_t)size);
  http_write(connection, body, strlen(body));
}

void http_wait_hangup(int connection) {
  struct pollfd hangup = {.fd = connection, .events = POLLIN | POLLRDHUP};
  poll(&hangup, 1, 10000);
}

/* Whether `text` is a whole request, with the body that its Content-Length announces. */
static int request_is_whole(const char *text) {
  const char *end = strstr(text, "\r\n\r\n");
  if (!end)
    return 0;
  const char *length = strcasestr(text, "\r\nContent-Length:");
  size_t body = length && length < end ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0;
  return strlen(end + 4) >= body;
}

static char *request_read(int connection) {
  char *text = calloc(1, REQUEST_SIZE);
  size_t size = 0;
  while (text && !request_is_whole(text) && size < REQUEST_SIZE - 1) {
    ssize_t more = recv(connection, text + size, REQUEST_SIZE - 1 - size, 0);
    if (more <= 0) {
      free(text);
      return NULL;
    }
    size += (size_t)more;
  }
  return text;
}

static void server_serve(struct http_server *server, int connection) {
  struct http_server_thread *thread = server->thread;
  char *request = request_read(connection);
  if (!request)
    return;
  pthread_mutex_lock(&thread->lock);
  int index = thread->count;
  int kept = index < REQUESTS_MAX;
  if (kept)
    thread->requests[thread->count++] = request;
  pthread_mutex_unlock(&thread->lock);
  if (kept)
    server->answer(server, connection, request, index);
  else
    free(request);
}

static void *server_run(void *context) {
  struct http_server *server = context;
  for (int connection; (connection = accept(server->thread->listener, NULL, NULL)) >= 0; close(connection))
    server_serve(server, connection);
  return NULL;
}

void http_server_start(struct http_server *server, http_answer answer, void *context) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  struct http_server_thread *thread = calloc(1, sizeof *thread);
  if (!thread || (thread->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0 ||
      bind(thread->listener, (struct sockaddr *)&address, size) < 0 || listen(thread->listener, 16) < 0 ||
      getsockname(thread->listener, (struct sockaddr *)&address, &size) < 0)
    abort();
  snprintf(server->authority, sizeof server->authority, "127.0.0.1:%d", ntohs(address.sin_port));
  server->answer = answer;
  server->context = context;
  server->thread = thread;
  pthread_mutex_init(&thread->lock, NULL);
  if (pthread_create(&thread->thread, NULL, server_run, server) != 0)
    abort();
}

void http_server_stop(struct http_server *server) {
  struct http_server_thread *thread = server->thread;
  shutdown(thread->listener, SHUT_RDWR);
  pthread_join(thread->thread, NULL);
  close(thread->listener);
  for (int i = 0; i < thread->count; i++)
    free(thread->requests[i]);
  pthread_mutex_destroy(&thread->lock);
  free(thread);
  server->thread = NULL;
}

int http_server_count(struct http_server *server) {
  pthread_mutex_lock(&server->thread->lock);
  int count = server->thread->count;
  pthread_mutex_unlock(&server->thread->lock);
  return count;
}

const char *http_server_request(struct http_server *server, int index) {
  pthread_mutex_lock(&server->thread->lock);
  const char *request = index < server->thread->count ? server->thread->requests[index] : "";
  pthread_mutex_unlock(&server->thread->lock);
  return request;
}
