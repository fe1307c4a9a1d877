/* Which process this is, for what doesn't survive a fork. */
#ifndef CTD_BASE_FORK_H
#define CTD_BASE_FORK_H

/*
 * 1, and in each child one more than in its parent: what a process has made, and stamped with that, is its own where
 * the stamp is still the same. Unlike getpid it's no system call. Any thread.
 */
int ctd_fork_generation(void);

#endif
