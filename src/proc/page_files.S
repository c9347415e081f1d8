/*
 * What scripts/make-page wrote, byte for byte.  In an object of its own, since the assembler puts it
 * there at no cost; the Makefile knows what it is made of.
 */
	.section .rodata

	.macro file name, path
	.global \name
	.global \name\()_end
\name:
	.incbin "\path"
\name\()_end:
	.endm

	file page_html, "page.html"
	file page_gzip, "page.html.gz"
	file page_policy, "policy"
	file page_tag, "tag"

	.section .note.GNU-stack, "", %progbits
