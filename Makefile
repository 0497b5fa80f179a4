# SPDX-License-Identifier: GPL-2.0-only
#
# Makefile - build, test and install ksplice
#
#   all         objmanip, the only part to build before use (default)
#   demo        build an update, apply it to a stock kernel in a VM, undo it;
#               installs the packages it needs
#   check       all tests; installs the packages they need
#   check-fast  the tests that need neither a kernel tree nor a VM
#   check-most  all but a few that take minutes each, for .ci/run
#   check-long  those few; continues if it was stopped
#   check-newer-kernel  some tests with the newest 6.12: those of what differs there
#   check-all-kernels  the tests that depend on a kernel, with each supported
#               one, and a table of all; continues if it was stopped.
#               KERNELS="6.1-cloud-amd64 6.12.117+deb12-amd64": with these
#               ANEW=1, here and for check-long: forget the results of another commit
#   check-sanitized  the tests of objmanip with ASan and UBSan
#   all CHECK_ARCH=1  objmanip with an architecture of stubs: checks that the
#               common code compiles against arch.h alone
#   check-debug-kernel  kernel-patches/ in a debug kernel (KASAN, lockdep);
#               building it takes half an hour, the tests ten minutes
#   lint        all sources: syntax, warnings, pod, white space, licences;
#               perlcritic, shellcheck and cppcheck
#   lint-kernel  the C with the kernel's own tools; needs the source of a
#               kernel, which the tests get
#   bench       the benchmarks; a small sample of the long ones
#   pictures    doc/*.svg from doc/*.dot; needs graphviz
#   install     to $(DESTDIR)$(PREFIX); the commands name $(PREFIX) inside
#   clean       remove what was built
#
# Settings may be given on the command line or in config.mk: PREFIX, DESTDIR,
# CC, CFLAGS, LDFLAGS, PROVE, KERNELS, ANEW.

PREFIX = /usr/local
CFLAGS = -O2 -g
PROVE = prove -j2

-include config.mk

.DELETE_ON_ERROR:
.PHONY: all demo check check-most check-long check-fast check-newer-kernel \
	check-all-kernels check-sanitized check-debug-kernel lint lint-kernel \
	bench pictures install clean

warnings = -Wall -Wextra -Wshadow -Wmissing-prototypes
cflags = -std=gnu11 $(warnings) -I. -Iobjmanip $(CPPFLAGS) $(CFLAGS)
libs = -lopcodes -lbfd -liberty -ldw
rooms = objmanip objmanip/* objmanip/*/*
sources = $(sort $(wildcard $(rooms:=/*.c)))
headers = $(sort $(wildcard $(rooms:=/*.h)) kmodsrc/records.h)
# Each folder is an architecture, see objmanip/arch/README.md.
architectures = $(wildcard objmanip/arch/*/*.c)
stub = objmanip/objmanip-stub

# make CHECK_ARCH=1: the common code with an architecture of stubs, and no other
all: $(if $(CHECK_ARCH),$(stub),objmanip/objmanip)

$(stub): $(filter-out $(architectures),$(sources)) t/fixtures/stub-arch.c $(headers)
	@echo "  CC      $@"
	@$(CC) $(cflags) -Werror -O0 -o $@ $(filter %.c,$^) $(libs)

objmanip/objmanip: $(sources:.c=.o)
	@echo "  LD      $@"
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(libs)

objmanip/%.o: objmanip/%.c
	@echo "  CC      $@"
	@$(CC) $(cflags) -MMD -MP -c -o $@ $<

-include $(sources:.c=.d)

# --- checking --------------------------------------------------------------

demo:
	@dev/install-deps
	@$(MAKE) -s all
	@dev/demo

check:
	@dev/install-deps --check
	@$(MAKE) -s all
	@$(PROVE) t/*.t

# What takes minutes and what few changes touch: checkpatch on all sources, a dozen of real
# fixes, packages of a kernel, load on what kernel-patches limits.  .ci/run leaves them out.
long-tests = $(foreach n,402 940 987 990,$(wildcard t/$(n)-*.t))

check-most:
	@dev/install-deps --check
	@$(MAKE) -s all
	@$(PROVE) $(filter-out $(long-tests),$(wildcard t/*.t))

check-long:
	@dev/install-deps --check
	@$(MAKE) -s all
	@dev/check-kernels $(if $(ANEW),--anew) --kernels=6.1-amd64 $(long-tests)

check-fast: all
	@$(PROVE) $(filter-out t/3% t/4% t/9%,$(sort $(wildcard t/*.t)))

# Updates of the kernel and of a module, and what 6.1 has not: constants in instructions,
# tracked branches, counted calls.
newer-kernel-tests = $(foreach n,910 911 934 935 936 937,t/$(n)-*.t)

check-newer-kernel:
	@dev/install-deps --check
	@$(MAKE) -s all
	@KSPLICE_TEST_RELEASE=6.12 $(PROVE) $(newer-kernel-tests)

check-all-kernels:
	@dev/install-deps --check
	@$(MAKE) -s all
	@dev/check-kernels $(if $(ANEW),--anew) $(if $(KERNELS),"--kernels=$(KERNELS)")

check-debug-kernel: all
	@dev/install-deps --check
	@dev/kernel-patches debug-kernel
	@KSPLICE_TEST_KERNEL=debug prove -v t/981-*.t t/991-*.t

# With AddressSanitizer and UBSan; the first fault ends it by a signal.
sanitized-cflags = -std=gnu11 -I. -Iobjmanip -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all

objmanip/objmanip-sanitized: $(sources) $(headers)
	@echo "  CC      $@"
	@$(CC) $(sanitized-cflags) -o $@ $(sources) $(libs)

check-sanitized: all objmanip/objmanip-sanitized
	@ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1 \
		KSPLICE_TEST_OBJMANIP=$(CURDIR)/objmanip/objmanip-sanitized \
		$(PROVE) t/1*.t

lint-kernel:
	@$(PROVE) -v t/402-*.t

lint:
	@$(CC) -fsyntax-only $(cflags) -Werror $(sources)
	@dev/lint

# Arguments of bench/NAME; the directories are not benchmarks.
benches = $(filter-out bench/guest bench/lib,$(wildcard bench/*))
bench-cycles = --cycles=20 --first=5 --modules=5 --commands=10
bench-match = --objects=20 --machines=max,off
bench-pause = --threads=100,1000 --stops=5 --gaps=3

bench: all
	@$(foreach file,$(benches),$(file) $($(subst /,-,$(file))) || exit 1;)

pictures:
	@for file in doc/*.dot; do dot -Tsvg -o "$${file%.dot}.svg" "$$file" || exit 1; done

# --- installing ------------------------------------------------------------
# Commands for root only are installed in sbin; building and viewing an update needs
# no root, so these are in bin.  Everything else is in one directory with the same
# layout as here, except for the documents: links in them are adapted to their
# flat directory.

sbin = ksplice-apply ksplice-undo
bin = ksplice-create ksplice-view
home = $(PREFIX)/lib/ksplice
to = $(DESTDIR)$(PREFIX)
docs = $(to)/share/doc/ksplice
man = $(to)/share/man
parts = $(wildcard lib/*.pm lib/Ksplice/*.pm Makefile.ksplice ksplice-obj.pl \
	kmodsrc/Kbuild kmodsrc/*.[chS] kmodsrc/*/*.[chS] kmodsrc/*/*/*.[chS] \
	ksplice-patch/*.h)
pages = README.md CHANGELOG.md COPYING \
	$(filter-out doc/writing.md,$(wildcard doc/*.md doc/*.svg))
version = $(shell sed -n "s/^our .VERSION = '\(.*\)';/\1/p" lib/Ksplice.pm)
pod2man = pod2man --center=ksplice --release=$(version)

install: all
	@for file in $(parts) objmanip/objmanip; do \
		mode=644; if [ -x "$$file" ]; then mode=755; fi; \
		install -D -m $$mode "$$file" "$(DESTDIR)$(home)/$$file" || exit 1; \
	done
	@install -d $(to)/bin $(to)/sbin $(man)/man1 $(man)/man5 $(man)/man8
	@set -e; for command in $(bin) $(sbin); do \
		case " $(sbin) " in *" $$command "*) dir=sbin n=8 ;; *) dir=bin n=1 ;; esac; \
		sed "s|^use lib .*|use lib '$(home)/lib';|" $$command >$(to)/$$dir/$$command; \
		chmod 755 $(to)/$$dir/$$command; \
		$(pod2man) --section=$$n $$command $(man)/man$$n/$$command.$$n; \
	done
	@$(pod2man) --section=5 --name=KSPLICE-UPDATE doc/ksplice-update.pod \
		$(man)/man5/ksplice-update.5
	@install -d $(docs)/examples
	@install -m 644 examples/*.patch $(docs)/examples
	@set -e; for file in $(pages); do \
		sed -f doc/install.sed "$$file" >$(docs)/$${file##*/}; \
		chmod 644 $(docs)/$${file##*/}; \
	done

clean:
	@rm -f objmanip/objmanip objmanip/objmanip-sanitized $(stub) $(rooms:=/*.o) $(rooms:=/*.d)
	@rm -f .lint-passed kernel-patches/container/tkernel-hook kernel-patches/updates/*.tar.gz
