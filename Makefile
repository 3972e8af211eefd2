# SPDX-License-Identifier: Apache-2.0
#
# make          build/mod_auth_jwt_refresh.so
# make demo     a running site in one command (Ctrl-C removes it)
# make test     every test
# make bench    speed, as ratios
# make help     all of it

MODULE := mod_auth_jwt_refresh
BUILD  ?= build
CC     ?= cc
PYTHON := /usr/bin/python3

# Programs are built on all processors.
ALL_CPUS := -j$(shell nproc)

# Files of tests run in so many processes (WORKERS=0: in one), each with servers
# of its own. Tests wait more than they work.
WORKERS  ?= 3
IN_PARTS  = $(shell $(PYTHON) -c 'import xdist' 2>/dev/null && \
	echo --numprocesses=$(WORKERS) --dist=loadfile)
RUN_TESTS = $(PYTHON) -m pytest -q -p no:cacheprovider $(IN_PARTS)

# V=1 shows the commands.
Q   := $(if $(V),,@)
SAY := @$(if $(V),:,printf '  %s %s\n')

comma := ,

# SANITIZE=address,undefined or SANITIZE=thread builds into a folder of its own.
ifdef SANITIZE
BUILD_DIR := $(BUILD)/$(subst $(comma),-,$(SANITIZE))
SANITIZER := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
else
BUILD_DIR := $(BUILD)
endif
OPTIMIZE ?= -O2 -g
WERROR   ?= -Werror
CFLAGS_ALL = -std=gnu11 -fPIC -fvisibility=hidden -pthread \
	-Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wvla -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
	$(OPTIMIZE) $(SANITIZER) $(CFLAGS)

# Each layer sees only what it may know: httpd -> store -> core.
pkg = $(shell pkg-config --cflags $(1) 2>/dev/null)
CORE_INCLUDES  := -Isrc/core $(call pkg,apr-1 apr-util-1 jansson libcrypto)
STORE_INCLUDES := -Isrc/store $(CORE_INCLUDES) $(call pkg,libpq)
HTTPD_INCLUDES := -Isrc/httpd -Isrc/store $(CORE_INCLUDES) \
	-I$(shell apxs -q INCLUDEDIR 2>/dev/null)

LIBS = -lpq -ljansson -lcrypto
APR  := $(shell pkg-config --libs apr-1 apr-util-1 2>/dev/null)

objects     = $(patsubst %.c,$(BUILD_DIR)/obj/%.o,$(1))
CORE_SRC   := $(wildcard src/core/*.c)
STORE_SRC  := $(wildcard src/store/*.c)
HTTPD_SRC  := $(wildcard src/httpd/*.c) $(MODULE).c
CORE_OBJ   := $(call objects,$(CORE_SRC))
STORE_OBJ  := $(call objects,$(STORE_SRC))
HTTPD_OBJ  := $(call objects,$(HTTPD_SRC))
SO         := $(BUILD_DIR)/$(MODULE).so

UNIT_BIN   := $(patsubst tests/unit/%.c,$(BUILD_DIR)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZ       := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY_BIN := $(FUZZ:%=$(BUILD_DIR)/tests/replay_%)
DUMP_SO    := $(BUILD_DIR)/tests/mod_conf_dump.so
HUNG_SO    := $(BUILD_DIR)/tests/hung_resolver.so
STORE_BIN  := $(patsubst tests/store/%.c,$(BUILD_DIR)/tests/%,$(wildcard tests/store/*.c))

# Alone it says that no object is removed; with names it would say it of those.
.SECONDARY:

.PHONY: all help needed module programs replays demo test unit pytest lint format install clean \
	deps deps-build deps-demo deps-test deps-bench bench check-symbols sanitize \
	sanitized-pytest races replay fuzz

all: module check-symbols

help:
	@echo 'make           build $(SO)'
	@echo 'make demo      a running site: private PostgreSQL, private httpd, a page'
	@echo '               (DEMO="--once" runs the transcript alone, DEMO=--help)'
	@echo 'make test      unit, SQL, end to end, browser, lint, sanitizers'
	@echo 'make bench     requests per second, as ratios (BENCH=--help)'
	@echo 'make install   copy the module into the directory of httpd modules'
	@echo 'make fuzz      one fuzz target for a while: TARGET=jwt SECONDS=60'
	@echo 'make lint      layers, sizes, symbols, docs, static analysis'
	@echo 'make format    clang-format the sources'
	@echo 'make deps      install the Debian packages that all of this needs;'
	@echo '               deps-build: those that building needs'
	@echo 'make clean     remove $(BUILD)/'
	@echo 'CC=clang, SANITIZE=address$(comma)undefined and CFLAGS=... are honoured; V=1 shows the commands'

module: $(SO)
	@:

$(SO): $(CORE_OBJ) $(STORE_OBJ) $(HTTPD_OBJ)
	$(SAY) LD $@
	$(Q)$(CC) -shared $(LDFLAGS) -Wl,-z,relro,-z,now $(SANITIZER) -o $@ $^ $(LIBS)

$(BUILD_DIR)/obj/src/core/%.o: INCLUDES = $(CORE_INCLUDES)
$(BUILD_DIR)/obj/src/store/%.o: INCLUDES = $(STORE_INCLUDES)
$(BUILD_DIR)/obj/src/httpd/%.o: INCLUDES = $(HTTPD_INCLUDES)
$(BUILD_DIR)/obj/$(MODULE).o: INCLUDES = $(HTTPD_INCLUDES)
$(BUILD_DIR)/obj/tests/unit/%.o: INCLUDES = -Itests/unit $(CORE_INCLUDES)
$(BUILD_DIR)/obj/tests/fuzz/%.o: INCLUDES = -Itests/fuzz $(CORE_INCLUDES)
$(BUILD_DIR)/obj/tests/store/%.o: INCLUDES = $(STORE_INCLUDES)

# Said before the compiler says it in its own words, and before `make install`
# asks apxs where to.
needed:
	@command -v apxs >/dev/null && \
		pkg-config --exists apr-1 apr-util-1 jansson libcrypto libpq 2>/dev/null || \
		{ echo 'make: building needs apxs, and the headers of APR, jansson, OpenSSL and libpq:' \
			'see make deps-build' >&2; exit 1; }

$(BUILD_DIR)/obj/%.o: %.c | needed
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CFLAGS_ALL) $(INCLUDES) -MMD -MP -c -o $@ $<

$(BUILD_DIR)/tests/test_%: $(BUILD_DIR)/obj/tests/unit/test_%.o \
		$(BUILD_DIR)/obj/tests/unit/unit.o $(CORE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(SANITIZER) -o $@ $^ -lcmocka $(APR) -ljansson -lcrypto -lpthread

# A fuzz target over its committed corpus (any compiler), and with libFuzzer
# (clang): both link the core and nothing else of ours.
$(BUILD_DIR)/tests/replay_%: $(BUILD_DIR)/obj/tests/fuzz/fuzz_%.o \
		$(BUILD_DIR)/obj/tests/fuzz/replay.o $(CORE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(SANITIZER) -o $@ $^ $(APR) -ljansson -lcrypto -lpthread

$(BUILD_DIR)/tests/fuzz_%: $(BUILD_DIR)/obj/tests/fuzz/fuzz_%.o $(CORE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) -fsanitize=fuzzer $(SANITIZER) -o $@ $^ $(APR) -ljansson -lcrypto -lpthread

$(STORE_BIN): $(BUILD_DIR)/tests/%: $(BUILD_DIR)/obj/tests/store/%.o $(CORE_OBJ) $(STORE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(SANITIZER) -o $@ $^ -lcmocka $(APR) $(LIBS) -lpthread

$(BUILD_DIR)/obj/tests/e2e/%.o: INCLUDES = $(HTTPD_INCLUDES)
$(DUMP_SO): $(BUILD_DIR)/obj/tests/e2e/mod_conf_dump.o $(CORE_OBJ)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) -shared $(SANITIZER) -o $@ $^ -ljansson -lcrypto

$(HUNG_SO): tests/e2e/hung_resolver.c
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) -Wall -Wextra -Werror -O2 -shared -fPIC -o $@ $< -ldl

programs: $(UNIT_BIN) $(STORE_BIN) $(DUMP_SO) $(HUNG_SO)
	@:

# The fence, checked on what was built: the core knows neither httpd nor
# libpq, the store no httpd, and nothing but the module record is exported.
check-symbols: $(SO)
	@tests/lint/symbols $(SO) "$(CORE_OBJ)" "$(STORE_OBJ)"

demo: deps-demo
	@$(MAKE) --no-print-directory module
	@$(PYTHON) tests/demo/demo.py $(DEMO)

unit: programs
	@tests/unit/run $(UNIT_BIN)

replays: $(REPLAY_BIN)
	@:

replay: replays
	@tests/fuzz/run $(REPLAY_BIN)

# What is found goes to build/fuzz/$(TARGET)/, a crash to build/fuzz/.
TARGET  ?= jwt
SECONDS ?= 60
FUZZER  := fuzzer-no-link,address,undefined
fuzz:
	@$(MAKE) --no-print-directory CC=clang OPTIMIZE='-O1 -g' SANITIZE=$(FUZZER) \
		$(BUILD)/$(subst $(comma),-,$(FUZZER))/tests/fuzz_$(TARGET)
	@mkdir -p $(BUILD)/fuzz/$(TARGET)
	$(BUILD)/$(subst $(comma),-,$(FUZZER))/tests/fuzz_$(TARGET) -max_total_time=$(SECONDS) \
		-max_len=9000 -artifact_prefix=$(BUILD)/fuzz/$(TARGET)- $(FUZZ_OPTIONS) \
		$(BUILD)/fuzz/$(TARGET) tests/fuzz/corpus/$(TARGET)

pytest: module programs
	@AJR_BUILD=$(abspath $(BUILD_DIR)) $(RUN_TESTS) tests $(PYTEST)

test: deps-test
	@$(MAKE) --no-print-directory $(ALL_CPUS) module programs
	@$(MAKE) --no-print-directory lint unit
	@$(MAKE) --no-print-directory sanitize
	@$(MAKE) --no-print-directory pytest

# Under AddressSanitizer and UBSan: the unit tests, the corpora of the fuzz
# targets, and those end-to-end tests that bring the module the most hostile
# bytes. httpd itself leaks by design, so leaks are looked for in the former.
# Under ThreadSanitizer: the unit tests with threads.
SANITIZED := tests/vectors tests/e2e/test_access.py tests/e2e/test_authz.py \
	tests/e2e/test_refresh.py tests/e2e/test_strip.py \
	tests/e2e/test_dialect_common.py tests/e2e/test_dialect_cookie.py
sanitize:
	@$(MAKE) --no-print-directory $(ALL_CPUS) module programs replays \
		SANITIZE=address,undefined OPTIMIZE='-O1 -g'
	@$(MAKE) --no-print-directory unit replay sanitized-pytest \
		SANITIZE=address,undefined OPTIMIZE='-O1 -g'
	@$(MAKE) --no-print-directory races SANITIZE=thread OPTIMIZE='-O1 -g'

RACES := $(addprefix $(BUILD_DIR)/tests/test_,board_race cache)
races: $(RACES)
	@tests/unit/run $(RACES)

sanitized-pytest: module
	@AJR_BUILD=$(abspath $(BUILD_DIR)) AJR_PRELOAD=$(shell $(CC) -print-file-name=libasan.so) \
		ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
		$(RUN_TESTS) $(SANITIZED)

lint: module check-symbols
	@tests/lint/run

bench: deps-bench
	@$(MAKE) --no-print-directory module
	@AJR_BUILD=$(abspath $(BUILD_DIR)) $(PYTHON) tests/bench/bench.py $(BENCH)

format:
	clang-format -i $(wildcard src/*/*.[ch] tests/*/*.[ch]) $(MODULE).c

install: $(SO) | needed
	install -d $(DESTDIR)$(shell apxs -q LIBEXECDIR)
	install -m 644 $(SO) $(DESTDIR)$(shell apxs -q LIBEXECDIR)/$(MODULE).so

deps: deps-build deps-demo deps-test deps-bench

deps-build deps-demo deps-test deps-bench: deps-%:
	@.ci/deps $*

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD_DIR)/obj -name '*.d' 2>/dev/null)
