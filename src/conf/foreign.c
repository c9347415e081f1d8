/* Options of other servers.  Runs in: master */
#include "conf/foreign.h"

#include <stdbool.h>
#include <stddef.h>

static const struct foreign {
	const char *name;
	char letter;
	const char *advice;
} foreign[] = {
#define FOREIGN(...) { __VA_ARGS__ },
#include "conf/foreign.def"
#undef FOREIGN
	{ NULL, 0, NULL },
};

static char plain(char c)
{
	return c == '_' ? '-' : c;
}

static bool is_same(const char *a, const char *b)
{
	for (; *a && plain(*a) == plain(*b); a++)
		b++;
	return plain(*a) == plain(*b);
}

const char *foreign_name(const char *name)
{
	for (const struct foreign *f = foreign; f->name; f++)
		if (is_same(f->name, name))
			return f->advice;
	return NULL;
}

const char *foreign_letter(int letter)
{
	for (const struct foreign *f = foreign; f->name; f++)
		if (f->letter == letter)
			return f->advice;
	return NULL;
}
