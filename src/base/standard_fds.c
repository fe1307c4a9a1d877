#include "base/standard_fds.h"
#include <errno.h>
#include <fcntl.h>

/* A new descriptor is the lowest that is free. */
void ctd_standard_fds_reserve(void) {
  for (int fd = 0; fd <= 2; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
      open("/dev/null", O_RDWR);
}
