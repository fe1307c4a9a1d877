/*
 * Everything that a program needs: `#include <containerd-client/client/all.h>` once the library is installed. doc/c.md
 * tells how it is used. What this includes is public; other headers aren't installed, and functions that a header keeps
 * "for the files of this floor" are for the library itself.
 *
 * Errors: functions that return int give 0, or −1 with *err set; base/error.h. Times are seconds, sizes are bytes.
 *
 * Threads: any thread may call any function. Objects that are "shared by reference" may be used by several threads at
 * once, unless their header says otherwise. Other structs belong to one thread at a time, but for a scope, which any
 * thread may cancel.
 *
 * Ownership: what isn't said to be owned or copied is borrowed for the time of the call. What a function gives in *out
 * is the caller's, who unrefs it or frees it with the function that its header names; on failure there is nothing to
 * free.
 */
#ifndef CTD_CLIENT_ALL_H
#define CTD_CLIENT_ALL_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "client/archive_export.h"
#include "client/archive_import.h"
#include "client/client.h"
#include "client/container.h"
#include "client/content.h"
#include "client/content_ingest.h"
#include "client/content_reader.h"
#include "client/content_walk.h"
#include "client/image.h"
#include "client/image_tree.h"
#include "client/lease.h"
#include "client/lease_resource.h"
#include "client/metrics.h"
#include "client/mount_attach.h"
#include "client/namespace.h"
#include "client/pull.h"
#include "client/push.h"
#include "client/runtime_message.h"
#include "client/snapshot.h"
#include "client/task.h"
#include "client/transfer.h"
#include "oci/reference.h"
#include "rpc/pending.h"

#endif
