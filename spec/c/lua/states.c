/*
 * usage: states SCRIPT.lua THREADS STATES ROUNDS
 * In each round so many threads open so many Lua states each, one after the other, run the script in them, which gets
 * the state's number in its thread, and close them with whatever it has left under way. Prints a line after each round:
 * what the process has then, as numbers of open descriptors, threads, and KiB of memory.
 */
#include <dirent.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS_LIMIT 64

struct work {
  const char *script;
  int states;
};

static void die(lua_State *L) {
  luaL_callmeta(L, -1, "__tostring");
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
  exit(1);
}

static void *run_states(void *argument) {
  const struct work *work = argument;
  for (int number = 1; number <= work->states; number++) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_loadfile(L, work->script))
      die(L);
    lua_pushinteger(L, number);
    if (lua_pcall(L, 1, 0, 0))
      die(L);
    lua_close(L);
  }
  return NULL;
}

static void run_round(int threads, struct work *work) {
  pthread_t ids[THREADS_LIMIT];
  for (int i = 0; i < threads; i++)
    if (pthread_create(&ids[i], NULL, run_states, work))
      exit(1);
  for (int i = 0; i < threads; i++)
    pthread_join(ids[i], NULL);
}

static int count_entries(const char *path) {
  DIR *directory = opendir(path);
  int count = 0;
  for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
    count += entry->d_name[0] != '.';
  closedir(directory);
  return count;
}

static long resident_kib(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long pages = 0;
  if (fscanf(file, "%*d %ld", &pages) != 1)
    exit(1);
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int main(int argc, char **argv) {
  if (argc != 5)
    return fprintf(stderr, "usage: states SCRIPT.lua THREADS STATES ROUNDS\n"), 2;
  int threads = atoi(argv[2]);
  struct work work = {argv[1], atoi(argv[3])};
  if (threads > THREADS_LIMIT)
    return fprintf(stderr, "more than %d threads\n", THREADS_LIMIT), 2;
  for (int round = atoi(argv[4]); round > 0; round--) {
    run_round(threads, &work);
    printf("%d %d %ld\n", count_entries("/proc/self/fd"), count_entries("/proc/self/task"), resident_kib());
    fflush(stdout);
  }
  return 0;
}
