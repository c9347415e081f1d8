/* A line split into words as a shell would, without expanding anything. */
#ifndef CONF_WORDS_H
#define CONF_WORDS_H

struct words {
	int count;
	char **at; /* ends with NULL */
};

/*
 * Blanks part words; quotes of either kind and a backslash keep them (within '...' a backslash is
 * itself).  `first` (not copied, may be NULL) stands before them, as a program's name does.  0,
 * -ENOMEM, or -EINVAL for a quote or a backslash at the end without what belongs to it.
 */
int words_split(struct words *w, const char *first, const char *line);
void words_fini(struct words *w);

#endif
