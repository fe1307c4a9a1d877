/*
 * A flow: the copying of one standard stream between a FIFO, at whose other end the shim is, and a file descriptor or a
 * caller of this process. All of it is done on the poller's thread, with a bounded buffer between.
 */
#ifndef CTD_CLIENT_FLOW_H
#define CTD_CLIENT_FLOW_H

#include "base/clock.h"
#include <stddef.h>

struct ctd_flow;

/*
 * Input goes from `fd` to the FIFO, output from the FIFO to `fd`; CTD_FLOW_CALLER: from ctd_flow_write, to
 * ctd_flow_read. The FIFO of an input is opened once someone reads it, and nothing is taken from `fd` before. The
 * caller closes *out.
 */
#define CTD_FLOW_CALLER (-1)
int ctd_flow_open_input(struct ctd_flow **out, const char *fifo, int fd, struct ctd_error *err);
int ctd_flow_open_output(struct ctd_flow **out, const char *fifo, int fd, struct ctd_error *err);

/* Reads at least one byte of an output; *size 0 is the end. CTD_PENDING: there is nothing yet, in a nowait scope. */
int ctd_flow_read(struct ctd_flow *flow, void *data, size_t capacity, size_t *size, struct ctd_scope *scope,
                  struct ctd_error *err);

/*
 * Has `notify` called, once, when ctd_flow_read returns at once: on the poller's thread, or at once on this one. It
 * must not block nor use the flow. NULL: not any more; when this returns it isn't running either.
 */
void ctd_flow_watch(struct ctd_flow *flow, void (*notify)(void *), void *context);

/*
 * Gives all bytes to an input; CTD_FAILED_PRECONDITION once it has ended or nobody reads it any more. *written, also on
 * failure: so many of them were taken.
 */
int ctd_flow_write(struct ctd_flow *flow, const void *data, size_t size, size_t *written, struct ctd_scope *scope,
                   struct ctd_error *err);

/* Ends an input; returns when what came before has gone into the FIFO, or can't go any more, and the FIFO is closed. */
int ctd_flow_end(struct ctd_flow *flow, struct ctd_scope *scope, struct ctd_error *err);

/* Ends an input at once; what hasn't gone yet is lost. */
void ctd_flow_stop(struct ctd_flow *flow);

/*
 * Has `ended` called, once, on the poller's thread, when an input has come to its end and has gone into the FIFO; not
 * if it was stopped or nobody reads it. It must not block nor use the flow.
 */
void ctd_flow_on_end(struct ctd_flow *flow, void (*ended)(void *), void *context);

/*
 * Waits for the end of an output whose writer is believed to end soon: until all is there for the caller, whatever its
 * size, or is written to `fd`. It also returns, without an error, when the writer has been silent for `patience`
 * seconds.
 */
int ctd_flow_wait(struct ctd_flow *flow, double patience, struct ctd_scope *scope, struct ctd_error *err);

/*
 * The same when no writer counts any more: what the FIFO holds is the last. Written or not, it's over when the scope
 * is.
 */
void ctd_flow_finish(struct ctd_flow *flow, struct ctd_scope *scope);

/* Closes all descriptors and frees the flow. NULL is fine. */
void ctd_flow_close(struct ctd_flow *flow);

#endif
