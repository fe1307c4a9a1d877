/*
 * The bound of a call: HTTP/2 frames that are made beforehand, with nothing behind them but a socket. What is left is
 * the daemon and the kernel. Prints what bench/ours does.
 *
 *   frames SOCKET call COUNT METHOD [TEXT]   COUNT times, with TEXT as the request's first field; the median's time
 *   frames SOCKET ingest FILE DIGEST         a blob, in as many messages as the daemon's windows let through
 *
 * The namespace is $CONTAINERD_NAMESPACE.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { DATA = 0, HEADERS = 1, RST_STREAM = 3, SETTINGS = 4, PING = 6, GOAWAY = 7, WINDOW_UPDATE = 8 };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };
enum { INITIAL_WINDOW_SIZE = 4 };

#define FIELDS 7             /* headers of a call */
#define HEAD 9               /* bytes of a frame's head */
#define PREFIX 5             /* of a message's */
#define LARGEST 16384        /* bytes of a frame's payload, as long as nobody asks for more */
#define MESSAGE (256 << 10)  /* bytes of the blob in a message */
#define WINDOW (1 << 30)     /* what we let the daemon send */
#define FIRST_WINDOW 65535   /* what it lets us, until it says otherwise */
#define REFILL (WINDOW >> 1) /* what it may have sent until the window is filled again */

struct frame {
  uint32_t length, stream;
  uint8_t type, flags;
  uint8_t payload[LARGEST];
};

static int connection;
static uint8_t input[1 << 18];
static size_t input_size, input_taken;
static int64_t window_all = FIRST_WINDOW, window_one = FIRST_WINDOW; /* of the connection, of the stream */
static int64_t window_initial = FIRST_WINDOW;                        /* of a new stream */
static uint32_t received;                                            /* since the window was filled */

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void refused(void) {
  fprintf(stderr, "frames: the daemon refused the call\n");
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

static size_t put_number(uint8_t *out, uint32_t number) {
  for (int i = 0; i < 4; i++)
    out[i] = (uint8_t)(number >> (24 - 8 * i));
  return 4;
}

static uint32_t get_number(const uint8_t *in) {
  return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static size_t put_head(uint8_t *out, uint8_t type, uint8_t flags, uint32_t stream, size_t size) {
  put_number(out, (uint32_t)size << 8 | type);
  out[4] = flags;
  put_number(out + 5, stream);
  return HEAD;
}

static size_t put_frame(uint8_t *out, uint8_t type, uint8_t flags, uint32_t stream, const void *data, size_t size) {
  memcpy(out + put_head(out, type, flags, stream, size), data, size);
  return HEAD + size;
}

/* A header that is new to the peer's table (RFC 7541, 6.2.1). */
static size_t put_header(uint8_t *out, const char *name, const char *value) {
  return (size_t)sprintf((char *)out, "%c%c%s%c%s", 64, (int)strlen(name), name, (int)strlen(value), value);
}

static size_t put_headers(uint8_t *out, const char *method) {
  const char *space = getenv("CONTAINERD_NAMESPACE");
  const char *const fields[FIELDS][2] = {{":method", "POST"},
                                         {":scheme", "http"},
                                         {":path", method},
                                         {":authority", "localhost"},
                                         {"te", "trailers"},
                                         {"content-type", "application/grpc"},
                                         {"containerd-namespace", space && *space ? space : "default"}};
  size_t size = 0;
  for (size_t i = 0; i < FIELDS; i++)
    size += put_header(out + size, fields[i][0], fields[i][1]);
  return size;
}

/* The same, when the peer has them in its table, behind 61 that it always has; the newest comes first. */
static size_t put_known_headers(uint8_t *out) {
  for (size_t i = 0; i < FIELDS; i++)
    out[i] = (uint8_t)(128 | (61 + FIELDS - i));
  return FIELDS;
}

static size_t put_varint(uint8_t *out, uint64_t value) {
  size_t size = 0;
  for (; value > 127; value >>= 7)
    out[size++] = (uint8_t)(value | 128);
  out[size++] = (uint8_t)value;
  return size;
}

static size_t put_field(uint8_t *out, unsigned number, uint64_t value) {
  size_t size = put_varint(out, number << 3);
  return size + put_varint(out + size, value);
}

static size_t put_text(uint8_t *out, unsigned number, const char *text) {
  size_t size = put_varint(out, number << 3 | 2);
  size += put_varint(out + size, strlen(text));
  memcpy(out + size, text, strlen(text));
  return size + strlen(text);
}

static size_t put_prefix(uint8_t *out, size_t size) {
  out[0] = 0;
  return 1 + put_number(out + 1, (uint32_t)size);
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
  frame->length = get_number(head) >> 8;
  frame->type = head[3];
  frame->flags = head[4];
  frame->stream = get_number(head + 5);
  if (frame->length > sizeof frame->payload)
    exit(1);
  take(frame->payload, frame->length);
}

/* The daemon widens the windows of its streams as it learns how much is under way. */
static void serve_settings(const struct frame *frame) {
  for (uint32_t at = 0; at + 6 <= frame->length; at += 6)
    if (frame->payload[at + 1] == INITIAL_WINDOW_SIZE) {
      int64_t initial = get_number(frame->payload + at + 2);
      window_one += initial - window_initial;
      window_initial = initial;
    }
}

/* Answers what must be answered, and minds the windows. */
static void serve(const struct frame *frame) {
  uint8_t out[HEAD + sizeof frame->payload], number[4];
  bool answer = frame->flags & ACK;
  if (frame->type == RST_STREAM || frame->type == GOAWAY)
    refused();
  if (frame->type == SETTINGS && !answer)
    serve_settings(frame);
  if ((frame->type == PING || frame->type == SETTINGS) && !answer)
    send_all(out, put_frame(out, frame->type, ACK, 0, frame->payload, frame->type == PING ? 8 : 0));
  if (frame->type == WINDOW_UPDATE)
    *(frame->stream ? &window_one : &window_all) += get_number(frame->payload);
  if (frame->type == DATA && (received += frame->length) >= REFILL) {
    put_number(number, received);
    send_all(out, put_frame(out, WINDOW_UPDATE, 0, 0, number, sizeof number));
    received = 0;
  }
}

/* Until the daemon has ended the stream; headers at once, without an answer, are a failure. */
static void await_end(uint32_t stream) {
  static struct frame frame;
  bool answered = false;
  do {
    take_frame(&frame);
    serve(&frame);
    answered |= frame.stream == stream && frame.type == DATA;
  } while (frame.stream != stream || !(frame.flags & END_STREAM) || frame.type > HEADERS);
  if (!answered)
    refused();
}

static void open_connection(const char *path) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  uint8_t out[128], setting[6] = {0, INITIAL_WINDOW_SIZE}, number[4];
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  connection = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(connection, (struct sockaddr *)&address, sizeof address))
    fail(path);
  put_number(setting + 2, WINDOW);
  put_number(number, WINDOW);
  send_all(preface, sizeof preface - 1);
  send_all(out, put_frame(out, SETTINGS, 0, 0, setting, sizeof setting));
  send_all(out, put_frame(out, WINDOW_UPDATE, 0, 0, number, sizeof number));
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print(double seconds, double cpu) {
  printf("seconds=%.9f cpu=%.6f\n", seconds, cpu);
}

static void run_calls(uint32_t count, const char *method, const char *text) {
  uint8_t headers[1024], out[4096], request[1024];
  double *laps = calloc(count + 1, sizeof *laps);
  size_t header_size = put_headers(headers, method), size = text ? put_text(request, 1, text) : 0;
  if (!laps)
    fail("calloc");
  double cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  for (uint32_t i = 0; i < count; i++) {
    double began = now(CLOCK_MONOTONIC);
    size_t filled = put_frame(out, HEADERS, END_HEADERS, 2 * i + 1, headers, header_size);
    filled += put_head(out + filled, DATA, END_STREAM, 2 * i + 1, PREFIX + size);
    filled += put_prefix(out + filled, size);
    memcpy(out + filled, request, size);
    send_all(out, filled + size);
    await_end(2 * i + 1);
    laps[i] = now(CLOCK_MONOTONIC) - began;
    header_size = put_known_headers(headers);
  }
  cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  qsort(laps, count, sizeof *laps, compare);
  print(laps[count / 2], cpu);
  free(laps);
}

/* A part of a message, as the windows allow. */
static void send_data(const uint8_t *data, size_t size, bool last) {
  static struct frame frame;
  uint8_t head[HEAD];
  while (size) {
    while (window_all < LARGEST || window_one < LARGEST) {
      take_frame(&frame);
      serve(&frame);
    }
    size_t part = size < LARGEST ? size : LARGEST;
    put_head(head, DATA, last && part == size ? END_STREAM : 0, 1, part);
    struct iovec parts[] = {{head, HEAD}, {(void *)data, part}};
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    if (sendmsg(connection, &message, MSG_NOSIGNAL) != (ssize_t)(HEAD + part))
      fail("sendmsg");
    window_all -= (int64_t)part;
    window_one -= (int64_t)part;
    data += part;
    size -= part;
  }
}

/* A WriteContentRequest: written, or committed with the last one. */
static void send_message(const char *digest, const uint8_t *data, size_t size, uint64_t offset, uint64_t total) {
  enum { ACTION = 1, REF, TOTAL, EXPECTED, OFFSET, BYTES };
  enum { WRITE = 1, COMMIT };
  uint8_t head[512], *fields = head + PREFIX;
  bool last = offset + size == total;
  size_t filled = put_field(fields, ACTION, last ? COMMIT : WRITE);
  filled += put_text(fields + filled, REF, digest);
  filled += put_field(fields + filled, TOTAL, total);
  filled += put_text(fields + filled, EXPECTED, digest);
  filled += put_field(fields + filled, OFFSET, offset);
  filled += put_varint(fields + filled, BYTES << 3 | 2);
  filled += put_varint(fields + filled, size);
  put_prefix(head, filled + size);
  send_data(head, PREFIX + filled, false);
  send_data(data, size, last);
}

static void run_ingest(const char *path, const char *digest) {
  struct stat status;
  uint8_t headers[1024], out[2048];
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status))
    fail(path);
  size_t total = (size_t)status.st_size;
  const uint8_t *bytes = mmap(NULL, total, PROT_READ, MAP_PRIVATE, file, 0);
  if (bytes == MAP_FAILED)
    fail("mmap");
  double began = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  size_t size = put_headers(headers, "/containerd.services.content.v1.Content/Write");
  send_all(out, put_frame(out, HEADERS, END_HEADERS, 1, headers, size));
  for (size_t at = 0; at < total; at += size) {
    size = total - at < MESSAGE ? total - at : MESSAGE;
    send_message(digest, bytes + at, size, at, total);
  }
  await_end(1);
  print(now(CLOCK_MONOTONIC) - began, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
}

int main(int argc, char **argv) {
  bool calls = argc >= 5 && !strcmp(argv[2], "call");
  if (!calls && !(argc == 5 && !strcmp(argv[2], "ingest"))) {
    fprintf(stderr, "usage: frames SOCKET call COUNT METHOD [TEXT] | frames SOCKET ingest FILE DIGEST\n");
    return 2;
  }
  open_connection(argv[1]);
  if (calls)
    run_calls((uint32_t)strtoul(argv[3], NULL, 10), argv[4], argv[5]);
  else
    run_ingest(argv[3], argv[4]);
  close(connection);
  return 0;
}
