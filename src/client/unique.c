#include "client/unique.h"
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

void ctd_unique(char out[CTD_UNIQUE_SIZE]) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  struct timespec now;
  unsigned char random[4] = {0};
  clock_gettime(CLOCK_REALTIME, &now);
  if (getrandom(random, sizeof random, GRND_NONBLOCK) < 0)
    random[0] = (unsigned char)now.tv_sec;
  snprintf(out, CTD_UNIQUE_SIZE, "%ld-%c%c%c%c", now.tv_nsec, digits[random[0] % 64], digits[random[1] % 64],
           digits[random[2] % 64], digits[random[3] % 64]);
}
