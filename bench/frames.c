/*
 * frames SOCKET COUNT: the bound of a call. Version calls by HTTP/2 frames that are made beforehand, with nothing
 * behind them but a socket: what is left is the daemon and the kernel. Prints what bench/ours does.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { DATA = 0, HEADERS = 1, SETTINGS = 4, PING = 6, WINDOW_UPDATE = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

#define HEAD 9 /* bytes of a frame's head */

struct frame {
  uint32_t length, stream;
  uint8_t type, flags;
  uint8_t payload[16384];
};

static int connection;
static uint8_t input[65536];
static size_t input_size, input_taken;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(clockid_t id) {
  struct timespec time;
  clock_gettime(id, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void send_all(const void *data, size_t size) {
  if (send(connection, data, size, MSG_NOSIGNAL) != (ssize_t)size)
    fail("send");
}

static size_t put_frame(uint8_t *out, uint8_t type, uint8_t flags, uint32_t stream, const void *data, size_t size) {
  const uint8_t head[HEAD] = {
      (uint8_t)(size >> 16),   (uint8_t)(size >> 8),    (uint8_t)size,          type,           flags,
      (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
  memcpy(out, head, HEAD);
  memcpy(out + HEAD, data, size);
  return HEAD + size;
}

/* A header that isn't indexed (RFC 7541, 6.2.2), so that the peer's table stays empty. */
static size_t put_header(uint8_t *out, const char *name, const char *value) {
  return (size_t)sprintf((char *)out, "%c%c%s%c%s", 16, (int)strlen(name), name, (int)strlen(value), value);
}

static void take(void *out, size_t size) {
  for (size_t got = 0; got < size;) {
    if (input_taken == input_size) {
      ssize_t count = recv(connection, input, sizeof input, 0);
      if (count <= 0)
        fail("recv");
      input_size = (size_t)count;
      input_taken = 0;
    }
    size_t part = size - got < input_size - input_taken ? size - got : input_size - input_taken;
    memcpy((uint8_t *)out + got, input + input_taken, part);
    input_taken += part;
    got += part;
  }
}

static void take_frame(struct frame *frame) {
  uint8_t head[HEAD];
  take(head, HEAD);
  frame->length = (uint32_t)head[0] << 16 | (uint32_t)head[1] << 8 | head[2];
  frame->type = head[3];
  frame->flags = head[4];
  frame->stream = (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
  if (frame->length > sizeof frame->payload)
    exit(1);
  take(frame->payload, frame->length);
}

/* Answers what must be answered, and gives back the window that the answers take. */
static void serve(const struct frame *frame) {
  static const uint8_t window[4] = {0, 0, 0, 255};
  uint8_t out[HEAD + sizeof frame->payload];
  if ((frame->type == PING || frame->type == SETTINGS) && !(frame->flags & ACK))
    send_all(out, put_frame(out, frame->type, ACK, 0, frame->payload, frame->type == PING ? 8 : 0));
  if (frame->type == DATA && frame->stream % 8 == 1)
    send_all(out, put_frame(out, WINDOW_UPDATE, 0, 0, window, sizeof window));
}

static void call(uint32_t stream, const uint8_t *headers, size_t size) {
  static const uint8_t empty[5];
  static struct frame frame;
  uint8_t out[1024];
  size_t filled = put_frame(out, HEADERS, END_HEADERS, stream, headers, size);
  filled += put_frame(out + filled, DATA, END_STREAM, stream, empty, sizeof empty);
  send_all(out, filled);
  do {
    take_frame(&frame);
    serve(&frame);
  } while (frame.stream != stream || !(frame.flags & END_STREAM) || frame.type > HEADERS);
}

static void open_connection(const char *path) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  uint8_t settings[HEAD];
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  connection = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(connection, (struct sockaddr *)&address, sizeof address))
    fail(path);
  send_all(preface, sizeof preface - 1);
  send_all(settings, put_frame(settings, SETTINGS, 0, 0, "", 0));
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static const char *const fields[][2] = {
      {":method", "POST"},         {":scheme", "http"}, {":path", "/containerd.services.version.v1.Version/Version"},
      {":authority", "localhost"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
  uint8_t headers[512];
  size_t size = 0;
  uint32_t count = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
  double *laps = calloc(count, sizeof *laps);
  if (!count || !laps)
    return 1;
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    size += put_header(headers + size, fields[i][0], fields[i][1]);
  open_connection(argv[1]);
  double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  for (uint32_t i = 0; i < count; i++) {
    double began = now(CLOCK_MONOTONIC);
    call(2 * i + 1, headers, size);
    laps[i] = now(CLOCK_MONOTONIC) - began;
  }
  cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  qsort(laps, count, sizeof *laps, compare);
  printf("seconds=%.9f cpu=%.6f daemon=0 rss=0 threads=1 rpcs=%u did=%u\n", laps[count / 2], cpu, count, count);
  free(laps);
  close(connection);
  return 0;
}
