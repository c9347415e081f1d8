/*
 * Asking a thread for its call stack.  Runs in: any; the handler in the thread that is asked.
 *
 * A request has a number, which travels with the signal: a thread that answers too late finds
 * another number and writes nothing.  All of it is async-signal-safe: atomics, tgkill(2),
 * nanosleep(2), write(2).
 */
#include "proc/backtrace.h"

#include <errno.h>
#include <execinfo.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define FRAMES_MOST 64
#define ANSWER_STEP_NS 1000000L
#define ANSWER_STEPS 500 /* of them: half a second, so that a busy machine is no silent thread */
#define TURN_STEPS 5000  /* of them: how long to wait for others that ask */

/*
 * Where one thread is silent, others mostly are, too: in the same disk's wait, or with all signals
 * blocked.  Who asks for several must not wait so long for each.
 */
#define SILENCE_STEPS 20
#define SILENCE_NS (5 * NS_PER_S)

#define BACKTRACE_SIGNAL (SIGRTMIN + 1)

/* Numbers of requests: the one to be answered (0: none), the one answered last. */
static _Atomic uint32_t asked, answered;
static _Atomic int answer_fd;
static atomic_flag is_asking = ATOMIC_FLAG_INIT;

static _Atomic uint64_t silent_ns; /* when a thread last did not answer */

static void put(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0) {
		/* Nowhere left to say so. */
	}
}

void backtrace_of_caller(int fd)
{
	void *frame[FRAMES_MOST];

	backtrace_symbols_fd(frame, backtrace(frame, FRAMES_MOST), fd);
}

static void on_asked(int signal, siginfo_t *info, void *machine)
{
	uint32_t number = (uint32_t)info->si_value.sival_int;
	int saved = errno;

	(void)signal, (void)machine;
	/* Taken back, or somebody else's question: not ours to answer any more. */
	if (atomic_compare_exchange_strong(&asked, &number, 0)) {
		backtrace_of_caller(atomic_load(&answer_fd));
		atomic_store(&answered, number);
	}
	errno = saved;
}

void backtrace_prepare(void)
{
	struct sigaction action = { .sa_sigaction = on_asked, .sa_flags = SA_SIGINFO | SA_RESTART };
	void *frame[2];

	/* The first call loads the unwinder, with malloc(3): not in a handler. */
	backtrace(frame, 2);
	sigfillset(&action.sa_mask);
	sigaction(BACKTRACE_SIGNAL, &action, NULL);
}

static void pause_step(void)
{
	const struct timespec step = { .tv_nsec = ANSWER_STEP_NS };

	nanosleep(&step, NULL);
}

static int ask(pid_t thread_id, uint32_t number)
{
	siginfo_t info = { .si_signo = BACKTRACE_SIGNAL, .si_code = SI_QUEUE };

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = (int)number;
	return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), thread_id, BACKTRACE_SIGNAL, &info);
}

static unsigned patience_steps(void)
{
	uint64_t since_ns = atomic_load(&silent_ns);

	return since_ns && clock_mono_ns() - since_ns < SILENCE_NS ? SILENCE_STEPS : ANSWER_STEPS;
}

static bool await_answer(uint32_t number)
{
	unsigned steps = patience_steps();

	for (unsigned i = 0; i < steps; i++) {
		if (atomic_load(&answered) == number)
			return true;
		pause_step();
	}
	uint32_t mine = number;
	if (atomic_compare_exchange_strong(&asked, &mine, 0)) {
		atomic_store(&silent_ns, clock_mono_ns());
		return false; /* and it will not begin any more */
	}
	/*
	 * It has begun: writing to a file that blocks,
	 * perhaps.  Once more as long, then it is let be.
	 */
	for (unsigned i = 0; i < ANSWER_STEPS && atomic_load(&answered) != number; i++)
		pause_step();
	return true;
}

bool backtrace_of_thread(pid_t thread_id, int fd)
{
	static uint32_t last_number;
	bool is_written = false;

	if (thread_id == (pid_t)syscall(SYS_gettid)) {
		backtrace_of_caller(fd);
		return true;
	}
	for (unsigned i = 0; atomic_flag_test_and_set(&is_asking); i++) {
		if (i == TURN_STEPS)
			return false;
		pause_step();
	}
	uint32_t number = ++last_number ? last_number : ++last_number;
	atomic_store(&answer_fd, fd);
	atomic_store(&asked, number);
	if (ask(thread_id, number) == 0)
		is_written = await_answer(number);
	atomic_store(&asked, 0);
	if (!is_written)
		put(fd, "(this thread does not answer)\n");
	atomic_flag_clear(&is_asking);
	return is_written;
}
