// SPDX-License-Identifier: Apache-2.0
//
// C11 threads on top of POSIX threads, linked into the thread sanitizer's build only. The sanitizer
// does not know thrd_create and its family, which librdkafka calls: a thread it was never told of
// crashes in its allocator. These definitions win over the C library's and go through functions
// that it does intercept.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

static pthread_mutex_t* Mutex(mtx_t* mutex) { return (pthread_mutex_t*)mutex; }
static pthread_cond_t* Condition(cnd_t* condition) { return (pthread_cond_t*)condition; }

_Static_assert(sizeof(mtx_t) >= sizeof(pthread_mutex_t), "a pthread mutex must fit");
_Static_assert(sizeof(cnd_t) >= sizeof(pthread_cond_t), "a pthread condition must fit");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "thread ids must be the same");

static int Outcome(int error) {
  switch (error) {
    case 0: return thrd_success;
    case ETIMEDOUT: return thrd_timedout;
    case EBUSY: return thrd_busy;
    case ENOMEM: return thrd_nomem;
    default: return thrd_error;
  }
}

struct Start {
  thrd_start_t function;
  void* argument;
};

static void* Run(void* opaque) {
  struct Start start = *(struct Start*)opaque;
  free(opaque);
  return (void*)(intptr_t)start.function(start.argument);
}

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
  struct Start* start = malloc(sizeof *start);
  if (!start) return thrd_nomem;
  start->function = function;
  start->argument = argument;
  int error = pthread_create((pthread_t*)thread, NULL, Run, start);
  if (error) free(start);
  return Outcome(error);
}

int thrd_join(thrd_t thread, int* result) {
  void* value = NULL;
  int error = pthread_join((pthread_t)thread, &value);
  if (!error && result) *result = (int)(intptr_t)value;
  return Outcome(error);
}

int thrd_detach(thrd_t thread) { return Outcome(pthread_detach((pthread_t)thread)); }

int mtx_init(mtx_t* mutex, int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  if (type & mtx_recursive) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
  int error = pthread_mutex_init(Mutex(mutex), &attributes);
  pthread_mutexattr_destroy(&attributes);
  return Outcome(error);
}

void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(Mutex(mutex)); }
int mtx_lock(mtx_t* mutex) { return Outcome(pthread_mutex_lock(Mutex(mutex))); }
int mtx_trylock(mtx_t* mutex) { return Outcome(pthread_mutex_trylock(Mutex(mutex))); }
int mtx_unlock(mtx_t* mutex) { return Outcome(pthread_mutex_unlock(Mutex(mutex))); }
int mtx_timedlock(mtx_t* restrict mutex, const struct timespec* restrict deadline) {
  return Outcome(pthread_mutex_timedlock(Mutex(mutex), deadline));
}

int cnd_init(cnd_t* condition) { return Outcome(pthread_cond_init(Condition(condition), NULL)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(Condition(condition)); }
int cnd_signal(cnd_t* condition) { return Outcome(pthread_cond_signal(Condition(condition))); }
int cnd_broadcast(cnd_t* condition) {
  return Outcome(pthread_cond_broadcast(Condition(condition)));
}
int cnd_wait(cnd_t* condition, mtx_t* mutex) {
  return Outcome(pthread_cond_wait(Condition(condition), Mutex(mutex)));
}
int cnd_timedwait(cnd_t* restrict condition, mtx_t* restrict mutex,
                  const struct timespec* restrict deadline) {
  return Outcome(pthread_cond_timedwait(Condition(condition), Mutex(mutex), deadline));
}
