/* A line split into words.  Runs in: master. */
#include "conf/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Copies what is quoted, behind `quote`; NULL: it does not end. */
static const char *copy_quoted(const char *at, char quote, char **to)
{
	for (; *at && *at != quote; at++) {
		if (*at == '\\' && quote == '"' && (at[1] == '"' || at[1] == '\\'))
			at++;
		*(*to)++ = *at;
	}
	return *at ? at + 1 : NULL;
}

/* One word to `to`, NUL included; gives what is behind it, NULL: something does not end. */
static const char *copy_word(const char *at, char *to)
{
	while (at && *at && !is_blank(*at)) {
		if (*at == '"' || *at == '\'') {
			at = copy_quoted(at + 1, *at, &to);
		} else {
			at += *at == '\\';
			if (!*at)
				return NULL;
			*to++ = *at++;
		}
	}
	*to = '\0';
	return at;
}

int words_split(struct words *w, const char *first, const char *line)
{
	size_t most = strlen(line) / 2 + 3; /* the first, each with a blank, NULL */

	*w = (struct words){ .at = calloc(most, sizeof *w->at) };
	if (!w->at)
		return -ENOMEM;
	w->at[w->count++] = (char *)first;
	for (;;) {
		while (is_blank(*line))
			line++;
		if (!*line)
			return 0;
		char *word = malloc(strlen(line) + 1);

		if (!word)
			return -ENOMEM;
		w->at[w->count++] = word;
		line = copy_word(line, word);
		if (!line)
			return -EINVAL;
	}
}

void words_fini(struct words *w)
{
	for (int i = 1; i < w->count; i++)
		free(w->at[i]);
	free(w->at);
	*w = (struct words){ 0 };
}
