/* The names of what is counted, from the tables.  Runs in: any. */
#include <littled/app.h>

#include "metrics/board.h"

const char *const counter_names[COUNTER_COUNT] = {
#define COUNTER(NAME, name, text) [COUNTER_##NAME] = #name,
#include "metrics/counters.def"
#undef COUNTER
};

const char *const counter_texts[COUNTER_COUNT] = {
#define COUNTER(NAME, name, text) [COUNTER_##NAME] = text,
#include "metrics/counters.def"
#undef COUNTER
};

const char *const close_names[CLOSE_COUNT] = {
#define CLOSE(NAME, name, text) [CLOSE_##NAME] = #name,
#include "metrics/closes.def"
#undef CLOSE
};

const char *const close_texts[CLOSE_COUNT] = {
#define CLOSE(NAME, name, text) [CLOSE_##NAME] = text,
#include "metrics/closes.def"
#undef CLOSE
};

const char *const conn_state_names[CONN_STATE_COUNT] = {
#define CONN_STATE(NAME, name, text) [CONN_##NAME] = #name,
#include "metrics/conn_states.def"
#undef CONN_STATE
};

const char *const conn_state_texts[CONN_STATE_COUNT] = {
#define CONN_STATE(NAME, name, text) [CONN_##NAME] = text,
#include "metrics/conn_states.def"
#undef CONN_STATE
};

const char *const flow_names[FLOW_COUNT] = {
	[FLOW_TOTAL] = "total", [FLOW_WAIT] = "wait",     [FLOW_READ] = "read",
	[FLOW_SLOT] = "slot",   [FLOW_INLINE] = "inline", [FLOW_WRITE] = "write",
};

const char *const worker_state_names[] = {
	[WORKER_ABSENT] = "absent",     [WORKER_STARTING] = "starting", [WORKER_READY] = "ready",
	[WORKER_DRAINING] = "draining", [WORKER_DEAD] = "dead",
};

const char *const slot_state_names[] = {
	[SLOT_IDLE] = "idle",
	[SLOT_BUSY] = "busy",
	[SLOT_WRITTEN_OFF] = "written_off",
};

const char *route_class_name(const struct route_row *r)
{
	return r->class == LTD_INLINE ? "inline" : "slot";
}

const uint64_t tally_le_ns[TALLY_LE_COUNT] = {
	1000000,   2500000,   5000000,    10000000,   25000000,   50000000,    100000000,
	250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};
