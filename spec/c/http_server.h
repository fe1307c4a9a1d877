/*
 * A tiny HTTP server on loopback, for tests of the client side: each request is answered by a function of the test, in
 * a thread of the server, one connection after the other and one request on each.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stddef.h>

struct http_server;

/* Answers one request, given whole with its head and body, by writing to `connection`. `count`: of requests before. */
typedef void (*http_answer)(struct http_server *server, int connection, const char *request, int count);

struct http_server {
  char authority[32]; /* "127.0.0.1:40000" */
  http_answer answer;
  void *context; /* the test's own */
  struct http_server_thread *thread;
};

void http_server_start(struct http_server *server, http_answer answer, void *context);
void http_server_stop(struct http_server *server);

/* How many requests came, and the text of one of them; borrowed until the server stops. */
int http_server_count(struct http_server *server);
const char *http_server_request(struct http_server *server, int index);

/* Writes an answer with a Content-Length; `headers` are lines ended by \r\n, or "". */
void http_reply(int connection, const char *status, const char *headers, const char *body);

/* Writes bytes as they are. */
void http_write(int connection, const void *data, size_t size);

/* Waits until the client hangs up, at most 10 s. */
void http_wait_hangup(int connection);

#endif
