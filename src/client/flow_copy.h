/*
 * The inside of a flow: its state, and the steps that the poller's thread takes. Only for flow.c.
 *
 * The functions are called with the flow's mutex locked.
 */
#ifndef CTD_CLIENT_FLOW_COPY_H
#define CTD_CLIENT_FLOW_COPY_H

#include "client/flow.h"
#include "client/flow_end.h"
#include <pthread.h>

/* The most that is read or taken over at once, in bytes. */
#define CTD_FLOW_CHUNK ((size_t)64 << 10)

struct ctd_flow {
  bool input, for_caller;
  char *fifo;            /* of an input */
  pthread_mutex_t mutex; /* for all that follows */
  pthread_cond_t changed;
  struct ctd_flow_end from, to, timer; /* without descriptor: a caller; `to` of an input: nobody reads the FIFO yet */
  char *data;                          /* what has come and not gone is data[start..end) */
  size_t start, end, capacity;
  size_t limit;  /* with so much of it there, nothing is read */
  bool starved;  /* nor when there's no memory for more, until some has gone */
  bool paused;   /* nor until the timer has run */
  bool ended;    /* nothing more comes */
  bool broken;   /* nobody takes what comes; an output is read on and thrown away */
  bool finished; /* it has ended, and all has gone or is there for the caller */
  double active; /* when something last came or went */
  double delay;
  void (*on_end)(void *);
  void *on_end_context;
  void (*on_output)(void *); /* of an output for a caller */
  void *on_output_context;
  struct ctd_poller_job last, release;
};

/* A flow without ends and buffer, everything else as at its start. */
void ctd_flow_init(struct ctd_flow *flow);

/* How many bytes have come and not gone. */
size_t ctd_flow_held(const struct ctd_flow *flow);

/* Makes room for a chunk at the end; false when memory is short. */
bool ctd_flow_reserve(struct ctd_flow *flow);

/* Nobody takes what comes any more. */
void ctd_flow_break(struct ctd_flow *flow);

/* Waits for what can happen next. */
void ctd_flow_arm(struct ctd_flow *flow);

/* After every change: closes what has come to its end, waits for the rest, wakes the callers. */
void ctd_flow_settle(struct ctd_flow *flow);

/* Calls on_end if it's time. */
void ctd_flow_tell_end(struct ctd_flow *flow);

/* Calls on_output, which is then over, if there is something for the caller, or the end. */
void ctd_flow_tell_output(struct ctd_flow *flow);

#endif
