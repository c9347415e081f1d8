/*
 * Why a path could not be opened, in words that say what to do: which directory is missing, who was
 * refused.  strerror(3) alone leaves one to look for both.
 */
#ifndef BASE_REASON_H
#define BASE_REASON_H

#include <stddef.h>

/* `error` is an errno value, or a negative one.  Returns `text`, which holds one clause. */
const char *reason_of_path(const char *path, int error, char *text, size_t text_bytes);

/* What most callers give as text. */
#define REASON_BYTES 512

#endif
