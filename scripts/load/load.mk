# The report (scripts/load): a short sweep into build/report/, and its page.  Included by the Makefile.

REPORT := build/report

.PHONY: report
report: setup ## measure for a minute or so; plots of RPS, latency, USL and Little's law, on a page
	$(Q)$(MAKE) -j2 all
	$(Q)mkdir -p $(REPORT)
	$(Q)LITTLED=$(abspath $(LITTLED)) $(PYTHON) scripts/load/sweep --output $(REPORT)/raw.jsonl
	$(Q)LITTLED=$(abspath $(LITTLED)) $(PYTHON) scripts/load/report --to $(REPORT) $(REPORT)/raw.jsonl
