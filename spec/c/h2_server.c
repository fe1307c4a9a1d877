#include "h2_server.h"

#include "cmocka_all.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define PATIENCE 20 /* seconds */

static void check(bool holds) {
  if (!holds)
    abort();
}

static void server_accept(struct h2_server *server) {
  struct h2_connection *connection = calloc(1, sizeof *connection);
  check(connection);
  connection->server = server;
  connection->fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  check(connection->fd >= 0);
  if (server->greeting) {
    connection->out = (const uint8_t *)server->greeting;
    connection->out_size = strlen(server->greeting);
  } else {
    h2_session_open(connection);
  }
  connection->next = server->connections;
  server->connections = connection;
  server->connected++;
}

static void connection_read(struct h2_connection *connection) {
  uint8_t data[16384];
  ssize_t size = recv(connection->fd, data, sizeof data, 0);
  connection->over |= size == 0 || (size < 0 && errno != EAGAIN);
  if (size > 0 && connection->session)
    connection->over |= nghttp2_session_mem_recv(connection->session, data, (size_t)size) < 0;
}

static void connection_write(struct h2_connection *connection) {
  while (!connection->over) {
    if (!connection->out_size && connection->session) {
      ssize_t size = nghttp2_session_mem_send(connection->session, &connection->out);
      check(size >= 0);
      connection->out_size = (size_t)size;
    }
    if (!connection->out_size)
      break;
    ssize_t size = send(connection->fd, connection->out, connection->out_size, MSG_NOSIGNAL);
    if (size < 0 && errno == EAGAIN)
      return;
    connection->over = size < 0;
    connection->out += size < 0 ? 0 : size;
    connection->out_size -= size < 0 ? 0 : (size_t)size;
  }
  connection->over |= connection->leaving;
}

/* Its requests stay, for the test to look at. */
static void connection_close(struct h2_connection *connection) {
  for (struct h2_request *request = connection->server->requests; request; request = request->next)
    if (request->connection == connection) {
      request->closed = true;
      request->connection = NULL;
    }
  nghttp2_session_del(connection->session);
  close(connection->fd);
  free(connection);
}

static void connections_write(struct h2_server *server) {
  for (struct h2_connection **link = &server->connections, *connection; (connection = *link);) {
    connection_write(connection);
    if (connection->over || server->stopping) {
      *link = connection->next;
      connection_close(connection);
    } else {
      link = &connection->next;
    }
  }
}

static void server_poll(struct h2_server *server) {
  struct pollfd fds[CONNECTIONS_MAX + 2] = {{.fd = server->wake, .events = POLLIN},
                                            {.fd = server->listener, .events = POLLIN}};
  nfds_t count = 2;
  for (struct h2_connection *connection = server->connections; connection; connection = connection->next) {
    check(count < CONNECTIONS_MAX + 2);
    fds[count++] = (struct pollfd){.fd = connection->fd, .events = connection->out_size ? POLLIN | POLLOUT : POLLIN};
  }
  pthread_mutex_unlock(&server->mutex);
  poll(fds, count, -1);
  pthread_mutex_lock(&server->mutex);
  count = 2;
  for (struct h2_connection *connection = server->connections; connection; connection = connection->next)
    if (fds[count++].revents & ~POLLOUT)
      connection_read(connection);
  eventfd_read(server->wake, &(eventfd_t){0});
  if (fds[1].revents & POLLIN)
    server_accept(server);
}

static void *server_run(void *context) {
  struct h2_server *server = context;
  pthread_mutex_lock(&server->mutex);
  while (!server->stopping) {
    server_poll(server);
    connections_write(server);
    pthread_cond_broadcast(&server->changed);
  }
  pthread_mutex_unlock(&server->mutex);
  return NULL;
}

void h2_server_start(struct h2_server *server) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, server->path, sizeof address.sun_path - 1);
  unlink(server->path);
  server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  server->stopping = false;
  check(server->listener >= 0 && server->wake >= 0 &&
        !bind(server->listener, (struct sockaddr *)&address, sizeof address) && !listen(server->listener, 64));
  pthread_mutex_init(&server->mutex, NULL);
  pthread_cond_init(&server->changed, NULL);
  check(!pthread_create(&server->thread, NULL, server_run, server));
}

void h2_server_stop(struct h2_server *server) {
  h2_server_lock(server);
  server->stopping = true;
  h2_server_unlock(server);
  pthread_join(server->thread, NULL);
  close(server->listener);
  close(server->wake);
  for (struct h2_request *request = server->requests, *next; request; request = next) {
    next = request->next;
    ctd_buffer_free(&request->in);
    ctd_buffer_free(&request->out);
    free(request);
  }
  server->requests = NULL;
  server->count = server->connected = 0;
  pthread_mutex_destroy(&server->mutex);
  pthread_cond_destroy(&server->changed);
}

void h2_server_lock(struct h2_server *server) {
  pthread_mutex_lock(&server->mutex);
}

void h2_server_unlock(struct h2_server *server) {
  eventfd_write(server->wake, 1);
  pthread_mutex_unlock(&server->mutex);
}

void h2_server_wait(struct h2_server *server) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE;
  if (!pthread_cond_timedwait(&server->changed, &server->mutex, &until))
    return;
  pthread_mutex_unlock(&server->mutex);
  fail_msg("nothing happened");
}

int h2_server_connected(struct h2_server *server) {
  h2_server_lock(server);
  int connected = server->connected;
  h2_server_unlock(server);
  return connected;
}

int h2_server_count(struct h2_server *server) {
  h2_server_lock(server);
  int count = server->count;
  h2_server_unlock(server);
  return count;
}

struct h2_request *h2_server_await(struct h2_server *server, int number) {
  h2_server_lock(server);
  while (server->count < number)
    h2_server_wait(server);
  struct h2_request *request = server->requests;
  for (int i = server->count; i > number; i--)
    request = request->next;
  h2_server_unlock(server);
  return request;
}

void h2_request_await_end(struct h2_server *server, struct h2_request *request) {
  h2_server_lock(server);
  while (!request->ended)
    h2_server_wait(server);
  h2_server_unlock(server);
}

void h2_request_await_close(struct h2_server *server, struct h2_request *request) {
  h2_server_lock(server);
  while (!request->closed)
    h2_server_wait(server);
  h2_server_unlock(server);
}
