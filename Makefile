# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The words people type; `make help` lists them. Meson does the building. Build folders: build (gcc), build/clang,
# build/asan (gcc with ASan and UBSan, their runtimes linked in), build/fuzz (clang, libFuzzer). build/stage and
# build/asan/stage are install trees that the lab puts into its guest.

PREFIX ?= /usr/local
FUZZ_RUNS ?= 1000000

SETUP = meson setup --werror
SANITIZED = -Db_sanitize=address,undefined -Db_lundef=false

all: build/build.ninja		## build with gcc into build/
	ninja -C build

setup:				## install what is needed (Debian packages), prepare the lab
	tools/setup

demo: setup stage		## show the main job in the lab, about two minutes
	lab/demo

check: setup			## run every test, in and outside the lab
	tests/run

bench: setup stage		## measure against the tools people use, side by side in the lab
	bench/run

install:			## install; PREFIX and DESTDIR are honoured
	if [ -e build/install/build.ninja ]; then meson configure build/install -Dprefix=$(PREFIX); \
	else meson setup --prefix $(PREFIX) -Dtests=false build/install; fi
	meson install -C build/install $(if $(DESTDIR),--destdir $(abspath $(DESTDIR)))

fuzz: setup build/fuzz/build.ninja	## fuzz every target FUZZ_RUNS times
	ninja -C build/fuzz
	tests/fuzz/run $(FUZZ_RUNS)

soak: setup stage		## fifty boots with one policy and one state folder, half an hour
	tests/soak/reboots.sh 50

format:				## bring the own C files into form
	tools/check-format --fix

clean:				## remove what was built; the lab's root file system stays
	rm -rf build

help:				## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1	/p' Makefile | expand -t 12

# What tests/run asks for: each tree built, and installed for the lab.
stage: all
	meson install -C build --no-rebuild --quiet --destdir $(CURDIR)/build/stage

clang: build/clang/build.ninja
	ninja -C build/clang

asan: build/asan/build.ninja
	ninja -C build/asan
	meson install -C build/asan --no-rebuild --quiet --destdir $(CURDIR)/build/asan/stage

build/build.ninja:
	CC=gcc $(SETUP) build

build/clang/build.ninja:
	CC=clang $(SETUP) build/clang

build/asan/build.ninja:
	CC=gcc $(SETUP) $(SANITIZED) build/asan

build/fuzz/build.ninja:
	CC=clang $(SETUP) $(SANITIZED) -Dfuzz=true build/fuzz

.PHONY: all setup demo check bench install fuzz soak format clean help stage clang asan
