# Installing below $(DESTDIR)$(PREFIX), and taking it away again.  Included by the Makefile.
#
# INSTALLED is the one list: install copies what it says, uninstall removes just that.

MADE     := $(BUILD)/install
ABI      := $(shell sed -n 's/^\#define LTD_ABI \([0-9]*\)$$/\1/p' include/littled/version.h)
ZSHDIR   ?= share/zsh/site-functions
UNITDIR  ?= lib/systemd/system

HEADERS   := $(sort $(wildcard include/littled/*.h))
MANUAL     := $(patsubst docs/man/%.scd.in,%,$(sort $(wildcard docs/man/*.scd.in)))
UNITS_OF_SYSTEMD := $(notdir $(sort $(wildcard conf/systemd/*.service conf/systemd/*.socket)))
DOCUMENTS := README.md CHANGES.md conf/littled.ini.example conf/REFERENCE.md $(sort $(wildcard docs/*.md))
EXAMPLES  := $(sort $(wildcard docs/examples/*/*))
AROUND    := $(sort $(wildcard $(addprefix conf/,grafana/* haproxy/* kubernetes/* prometheus/*)))

# $(call files,MODE,FOLDER,FILES): MODE:FILE:where it goes, below $(PREFIX)
files = $(foreach f,$(3),$(1):$(f):$(2)/$(notdir $(f)))
section = $(patsubst .%,%,$(suffix $(1)))

INSTALLED := \
	755:$(LITTLED):bin/littled \
	$(call files,644,include/littled,$(HEADERS)) \
	$(foreach p,$(MANUAL),644:$(MADE)/$(p):share/man/man$(call section,$(p))/$(p)) \
	644:$(MADE)/littled.bash:share/bash-completion/completions/littled \
	644:$(MADE)/littled.zsh:$(ZSHDIR)/_littled \
	644:$(MADE)/littled.pc:share/pkgconfig/littled.pc \
	$(call files,644,$(UNITDIR),$(UNITS_OF_SYSTEMD:%=$(MADE)/%)) \
	$(call files,644,share/doc/littled,$(DOCUMENTS)) \
	$(foreach e,$(EXAMPLES),644:$(e):share/doc/littled/$(e:docs/%=%)) \
	$(foreach e,$(AROUND),644:$(e):share/doc/littled/examples/$(e:conf/%=%))

field   = $(word $(1),$(subst :, ,$(2)))
SOURCES_OF_INSTALL := $(foreach i,$(INSTALLED),$(call field,2,$(i)))
TARGETS_OF_INSTALL := $(foreach i,$(INSTALLED),$(call field,3,$(i)))
FOLDERS_OF_INSTALL := $(sort $(patsubst %/,%,$(dir $(TARGETS_OF_INSTALL))))

# Which folders install has made, without $(DESTDIR): these and no others go with uninstall.
FOLDERS_MADE := share/doc/littled/.folders

.PHONY: install uninstall manual completion

manual: $(MANUAL:%=$(MADE)/%) # the manual pages
completion: $(MADE)/littled.bash $(MADE)/littled.zsh

$(MANUAL:%=$(MADE)/%): $(MADE)/%: docs/man/%.scd.in $(LITTLED) scripts/make-manual
	$(call say,MAN,$*)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/make-manual $(LITTLED) $< >$@.scd
	$(Q)scdoc <$@.scd >$@.new && mv $@.new $@

$(MADE)/littled.%: conf/completion/littled.%.in $(LITTLED) scripts/make-completion \
		src/app/builtin.def src/cmd/commands.def
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)scripts/make-completion $(LITTLED) $* >$@.new && mv $@.new $@

# Made anew each time: they tell $(PREFIX).
$(MADE)/littled.pc: conf/littled.pc.in FORCE
	$(Q)mkdir -p $(@D)
	$(Q)sed 's,@PREFIX@,$(PREFIX),; s,@ABI@,$(ABI),; s,@VERSION@,$(VERSION),' $< >$@

$(UNITS_OF_SYSTEMD:%=$(MADE)/%): $(MADE)/%: conf/systemd/% FORCE
	$(Q)mkdir -p $(@D)
	$(Q)sed 's,=/usr/bin/littled,=$(PREFIX)/bin/littled,' $< >$@

install: $(SOURCES_OF_INSTALL) ## install below $(DESTDIR)$(PREFIX)
	$(Q)set -e; made=$$(for folder in $(FOLDERS_OF_INSTALL); do \
		d='$(PREFIX)'/$$folder; \
		while [ "$$d" != / ] && [ "$$d" != . ] && [ ! -d '$(DESTDIR)'"$$d" ]; do \
			echo "$$d"; d=$$(dirname "$$d"); \
		done; \
	done | sort -u); \
	$(foreach i,$(INSTALLED), \
		install -D -m $(call field,1,$(i)) $(call field,2,$(i)) \
			'$(DESTDIR)$(PREFIX)/$(call field,3,$(i))';) \
	echo "$$made" >>'$(DESTDIR)$(PREFIX)/$(FOLDERS_MADE)'
	$(call say,INSTALL,$(words $(INSTALLED)) files below $(DESTDIR)$(PREFIX))

uninstall: ## remove exactly what install put there
	$(Q)made=$$(sort -ru '$(DESTDIR)$(PREFIX)/$(FOLDERS_MADE)' 2>/dev/null); \
	rm -f $(patsubst %,'$(DESTDIR)$(PREFIX)/%',$(TARGETS_OF_INSTALL) $(FOLDERS_MADE)); \
	echo "$$made" | while IFS= read -r d; do \
		[ -z "$$d" ] || [ ! -d '$(DESTDIR)'"$$d" ] || \
			rmdir --ignore-fail-on-non-empty '$(DESTDIR)'"$$d"; \
	done

.PHONY: deb
deb: ## build Debian packages, into build/deb
	$(Q)scripts/make-deb
