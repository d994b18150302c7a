# Everything here works in a fresh clone with Go, make and git; targets that need more say what.

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unversioned)
BUILD   := -trimpath -ldflags '-s -w -X main.version=$(VERSION)'
TESTS   ?= ./...
TIMEOUT ?= 20m
FUZZTIME ?= 10s
# Further arguments for the runner of the tests, such as -must-run FILE or -json FILE.
TESTRUN ?=
# What bench is to do in place of a whole run, such as -short or '-only large -rounds 3'; further arguments of gobench.
BENCH   ?=
GOBENCH ?=

# One static binary: nothing here needs a C compiler, but for the race detector.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help build demo test check lint vet staticcheck fmt race faults faults-night faults-release faults-report mutants fuzz model cover bench gobench interop generate verify vuln deb systemd rules clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build ./haulier
	go build $(BUILD) -o haulier ./cmd/haulier

demo: build ## build, and show an import, an export and a failure on this machine
	./haulier demo

test: ## run all tests; at the end, what did not run and what to install for it
	go run ./internal/testrun $(TESTRUN) -- -timeout $(TIMEOUT) $(TESTS)

check: lint test race verify ## everything that must hold before a change goes in: linters, house rules, all tests, the race detector, generated files

lint: fmt vet staticcheck ## formatting, go vet, staticcheck, and the house rules of internal/archtest
	go test ./internal/archtest

fmt:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$bad" || { echo "not formatted, run gofmt -w:"; echo "$$bad"; exit 1; }

vet:
	go vet ./...

# staticcheck comes by number from tools/go.mod and is set up in staticcheck.conf.
staticcheck: .tools/staticcheck
	.tools/staticcheck ./...

# SQLite, translated from C, shares no memory with us, and watched as well it would take most of the time.
NORACE := -gcflags=modernc.org/...=-race=false

# The others only call the program, which is built without the detector, or read files: watched, they would show nothing more.
RACED = $(if $(filter ./...,$(TESTS)),$$(go list ./... | grep -vE '/test/(audit|docs|features|messages|model|mutants|packaging|rows|slugs|walkthrough)$$'),$(TESTS))

race: ## the tests whose code is in their own process under the race detector (the long ones do less); needs a C compiler
	@command -v $${CC:-gcc} >/dev/null || { echo "needs gcc: install Debian package gcc"; exit 1; }
	CGO_ENABLED=1 go run ./internal/testrun -- -race $(NORACE) -short -timeout $(TIMEOUT) $(RACED)

# The fault campaign: cases by FAULTS (-only A1,D57 -v …), results in a file, a line a case.
FAULTS ?=
RESULTS ?= faults.jsonl

faults: ## the fault campaign in its short form: kills, cuts, lies and full disks by the built program, judged by the auditor
	go test -count=1 -tags failpoints ./internal/failpoint
	go run ./test/faults -tier short $(FAULTS)

faults-night: ## the campaign of a night, hours; SHARD=3/12 does one of twelve parts; results are appended to RESULTS
	go run ./test/faults -tier night -results $(RESULTS) $(if $(SHARD),-shard $(SHARD)) $(FAULTS)

faults-release: ## the campaign before a release, half a day; SHARD and RESULTS as above
	go run ./test/faults -tier release -results $(RESULTS) $(if $(SHARD),-shard $(SHARD)) $(FAULTS)

faults-report: ## write the table of RESULTS into docs/reliability.md
	go run ./test/faults -results $(RESULTS) -report docs/reliability.md

mutants: ## take each safety line out in turn: a test must fail without it; writes the table of docs/reliability.md
	go run ./test/mutants -report docs/reliability.md

fuzz: ## fuzz each reader of foreign bytes for FUZZTIME (10s; a night: 10m), all of them even if one finds something; docs/reliability.md lists them
	go run ./internal/fuzzrun -time $(FUZZTIME) $(TESTS)

model: ## check the models of docs/model within wider bounds too; needs spin, gcc, minutes and 3 GiB
	HAULIER_MODEL=wide go test ./test/model -count=1 -v -timeout 3h

cover: ## run all tests and write coverage.out and coverage.html
	go run ./internal/testrun -- -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=coverage.out $(TESTS)
	go tool cover -html=coverage.out -o coverage.html
	@go tool cover -func=coverage.out | tail -1

bench: ## run Haulier beside sftp, rclone and lftp and write docs/performance.md and bench.json, an hour, as root (BENCH=-short: a minute, writes nothing)
	go run ./bench $(or $(BENCH),-report docs/performance.md -json bench.json)

gobench: ## run the benchmarks of the packages (GOBENCH='-count 10' for benchstat)
	go test -run '^$$' -bench . -benchmem $(GOBENCH) -timeout $(TIMEOUT) $(TESTS)

interop: ## ask every behaviour of every server of docs/interop.md and write its tables anew; needs root
	go test ./test/interop -count=1 -timeout $(TIMEOUT) -run '^TestInterop$$' -update

generate: ## write the generated files anew: references, schema, golden files of documents
	go generate ./...

verify: ## fail if generate would change a file
	@state() { git status --porcelain; git diff; git ls-files -o --exclude-standard -z | xargs -0r cksum; }; \
	before=$$(state); $(MAKE) -s generate || exit 1; \
	test "$$before" = "$$(state)" || { echo "generated files were stale; make generate has changed them:"; git status --short; exit 1; }

vuln: .tools/govulncheck ## look for known holes in what is imported; needs the Go vulnerability database
	.tools/govulncheck ./...

.tools/staticcheck: tools/go.mod tools/go.sum
	go -C tools build -o "$(CURDIR)/.tools/" honnef.co/go/tools/cmd/staticcheck

.tools/govulncheck: tools/go.mod tools/go.sum
	go -C tools build -o "$(CURDIR)/.tools/" golang.org/x/vuln/cmd/govulncheck

# What a Debian package calls the version, and the machine that it is for (amd64, arm64).
DEB_VERSION ?= $(shell git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-/+/g' | grep . || echo 0~$$(git show -s --format=%cs 2>/dev/null | tr -d -)+$$(git rev-parse --short HEAD 2>/dev/null))
DEB_ARCH    ?= $(shell go env GOARCH)
DEB         := dist/haulier_$(DEB_VERSION)_$(DEB_ARCH).deb

systemd: ## run the package under a systemd of its own: install, credentials, reload, watchdog, removal; needs root, overlay and cgroup2
	go run ./internal/testrun -- -tags systemd -timeout $(TIMEOUT) -run '^TestServiceUnderSystemd$$' ./test/packaging

deb: .tools/deb ## build a Debian package with unit, manual and completions into dist
	mkdir -p dist/deb
	go build -o dist/deb/native $(BUILD) ./cmd/haulier
	GOOS=linux GOARCH=$(DEB_ARCH) go build $(BUILD) -o dist/deb/haulier ./cmd/haulier
	for page in haulier.1 haulier.yaml.5; do dist/deb/native man $$page | gzip -9n >dist/deb/$$page.gz || exit 1; done
	for shell in bash zsh fish; do dist/deb/native completion $$shell >dist/deb/haulier.$$shell || exit 1; done
	DEB_VERSION=$(DEB_VERSION) DEB_ARCH=$(DEB_ARCH) .tools/deb -config packaging/nfpm.yaml -target $(DEB)
	@echo $(DEB)

rules: ## check the rules and the dashboard that are shipped with Prometheus's own parser and engine; minutes the first time
	go -C tools/packaging test -count=1 ./...

.tools/deb: tools/packaging/go.mod tools/packaging/go.sum tools/packaging/deb/main.go
	go -C tools/packaging build -o "$(CURDIR)/.tools/deb" ./deb

clean: ## remove what was built
	rm -rf haulier .tools dist coverage.out coverage.html
