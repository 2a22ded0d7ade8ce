# Everything that links Kubernetes is built with one set of flags. CGO_ENABLED, GOFLAGS
# and GOCACHE are part of the key of every compiled package: build the sandbox by these
# targets only, or Kubernetes is compiled a second time.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CGO_ENABLED := 0
export GOTOOLCHAIN := local

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo v0.0.0)
K8S_VERSION := v1.36.3
LWS_VERSION := v0.9.0
STRIP := -s -w
PLUGIN_LDFLAGS := $(STRIP) -X main.version=$(VERSION)
K8S_LDFLAGS := $(STRIP) \
	-X k8s.io/component-base/version.gitVersion=$(K8S_VERSION) \
	-X k8s.io/component-base/version.gitMajor=1 \
	-X k8s.io/component-base/version.gitMinor=36 \
	-X k8s.io/client-go/pkg/version.gitVersion=$(K8S_VERSION) \
	-X sigs.k8s.io/lws/pkg/version.GitVersion=$(LWS_VERSION)
GO ?= go
LINT := $(GO) -C tools/lint tool -n golangci-lint

# Packages of the sandbox that do not link Kubernetes: they compile in seconds and are
# tested with the race detector.
LIGHT := ./internal/simnet/... ./internal/container/... ./internal/world/... \
	./internal/scenario/... ./internal/kubelet/... ./internal/images/... \
	./internal/recording/... ./internal/picture/...
HEAVY := ./internal/nodepool/... ./internal/controlplane/... ./internal/lwsmanager/... \
	./internal/cluster/... ./cmd/...

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the plugin: bin/kubectl-jetstream
	$(GO) build -buildvcs=false -ldflags '$(PLUGIN_LDFLAGS)' -o bin/kubectl-jetstream ./cmd/kubectl-jetstream

.PHONY: sandbox
sandbox: ## Build the sandbox cluster and its kubectl: bin/jetstream-sandbox, bin/kubectl
	@hack/build-kubernetes -C sandbox -buildvcs=false -ldflags '$(K8S_LDFLAGS)' -o ../bin/jetstream-sandbox ./cmd/jetstream-sandbox
	@hack/build-kubernetes -C sandbox -buildvcs=false -ldflags '$(K8S_LDFLAGS)' -o ../bin/kubectl ./cmd/kubectl

.PHONY: krew
krew: ## Build krew from its module, for who has none: bin/kubectl-krew
	$(GO) -C tools/krew build -o ../../bin/kubectl-krew sigs.k8s.io/krew/cmd/krew

.PHONY: demo
demo: build sandbox ## Deploy Llama 3.1 405B to a sandbox cluster and talk to it
	@hack/demo

.PHONY: test
test: test-unit test-release test-e2e ## Run every test: units with the race detector, then end to end

.PHONY: test-unit
test-unit: ## Unit tests of both modules and of the manifest generator
	CGO_ENABLED=1 $(GO) test -race ./...
	CGO_ENABLED=1 $(GO) -C sandbox test -race $(LIGHT)
	$(GO) -C sandbox test -ldflags '$(K8S_LDFLAGS)' $(HEAVY)
	$(GO) -C tools test ./...

.PHONY: test-again
test-again: ## Unit tests COUNT times (default 3) in random order, with the race detector
	CGO_ENABLED=1 $(GO) test -race -count=$(or $(COUNT),3) -shuffle=on -timeout 30m ./...
	CGO_ENABLED=1 $(GO) -C sandbox test -race -count=$(or $(COUNT),3) -shuffle=on -timeout 30m $(LIGHT)
	for i in $$(seq $(or $(COUNT),3)); do $(GO) -C sandbox test -ldflags '$(K8S_LDFLAGS)' -count=1 -shuffle=on $(HEAVY) || exit; done # a process holds one control plane
	CGO_ENABLED=1 $(GO) -C tools test -race -count=$(or $(COUNT),3) -shuffle=on -timeout 30m ./...

.PHONY: test-release
test-release: sandbox ## Install a release by krew, built from its module, and run it by kubectl
	BIN=$(CURDIR)/bin $(GO) -C tools test -count=1 -run 'TestKrew' ./release

.PHONY: test-e2e
test-e2e: build sandbox ## End-to-end tests: the real binaries on one sandbox cluster
	BIN=$(CURDIR)/bin $(GO) -C sandbox test -timeout 15m -parallel 4 -count=1 ./e2e/...

.PHONY: faults
faults: build sandbox ## Walk through every scenario on a sandbox and show what the plugin says
	@hack/faults

.PHONY: soak
soak: build sandbox ## Restart, scale and generate on one sandbox for SOAK (default 10m)
	BIN=$(CURDIR)/bin SOAK=$(or $(SOAK),10m) $(GO) -C sandbox test -timeout 24h -count=1 -run TestSoak -v ./e2e/...

.PHONY: lint
lint: ## Run golangci-lint over all modules
	@lint=$$($(LINT)) && $$lint run --allow-parallel-runners ./... && cd sandbox && $$lint run --allow-parallel-runners -c ../.golangci.yaml ./... && cd ../tools && $$lint run --allow-parallel-runners -c ../.golangci.yaml ./...

.PHONY: fmt
fmt: ## Format all code (gofumpt, goimports)
	@lint=$$($(LINT)) && $$lint fmt ./... && cd sandbox && $$lint fmt -c ../.golangci.yaml ./... && cd ../tools && $$lint fmt -c ../.golangci.yaml ./...

.PHONY: tidy-check
tidy-check: ## Fail if go.mod or go.sum of any module is not tidy
	@for module in . sandbox tools tools/krew tools/lint; do $(GO) -C $$module mod tidy -diff || { echo "$$module: run 'go mod tidy' there"; exit 1; }; done

.PHONY: vet-darwin
vet-darwin: ## Cross-build and vet the sandbox for macOS (compiles Kubernetes once more)
	GOOS=darwin GOARCH=arm64 $(GO) -C sandbox build -o /dev/null ./cmd/...
	GOOS=darwin GOARCH=arm64 $(GO) -C sandbox vet ./...

.PHONY: generate
generate: ## Regenerate what is generated: the embedded LeaderWorkerSet manifests
	$(GO) generate ./...

.PHONY: golden
golden: ## Rewrite golden files from what the code prints now; read the diff
	@hack/golden

.PHONY: bench
bench: ## Run the Go benchmarks of both modules; BENCH_COUNT repeats them for benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count $(or $(BENCH_COUNT),1) ./...
	$(GO) -C sandbox test -run '^$$' -bench . -benchmem -count $(or $(BENCH_COUNT),1) $(LIGHT)

.PHONY: bench-sandbox
bench-sandbox: build sandbox ## Measure the sandbox against its targets; prints a table
	BIN=$(CURDIR)/bin $(GO) -C sandbox run ./bench

.PHONY: bench-tui
bench-tui: build sandbox ## Measure the dashboard against its targets; prints a table
	BIN=$(CURDIR)/bin $(GO) -C sandbox run ./benchtui

.PHONY: bench-chat
bench-chat: build sandbox ## Measure the chat against its targets (15 minutes); prints a table
	BIN=$(CURDIR)/bin $(GO) -C sandbox run ./benchchat
	$(GO) test -run '^$$' -bench TokenToScreen -benchtime 1000x ./internal/tui
	GOMAXPROCS=1 $(GO) test -run '^$$' -bench LongAnswer -benchtime 60000x ./internal/tui/conversation
	GOMAXPROCS=1 $(GO) test -run '^$$' -bench Decode ./internal/chat/generate

.PHONY: bench-help
bench-help: ## Measure --help beside stern's, built from its module; prints a table
	$(GO) -C tools run ./benchhelp

.PHONY: screenshots
screenshots: build sandbox ## Take pictures of the dashboard and record a demo, on sandboxes: docs/screens/
	BIN=$(CURDIR)/bin $(GO) -C sandbox run ./screenshots

.PHONY: fuzz
fuzz: ## Run every fuzz target for FUZZTIME (default 20s)
	@hack/fuzz $(or $(FUZZTIME),20s)

.PHONY: vuln
vuln: ## Run govulncheck (needs its database, so it is no part of CI)
	@vuln=$$($(GO) -C tools/lint tool -n govulncheck) && $$vuln ./... && cd sandbox && $$vuln ./...

.PHONY: verify
verify: lint tidy-check test ## Everything that CI runs

.PHONY: dist
dist: ## Build reproducible release archives for all platforms into dist/
	@$(GO) -C tools run ./release dist -version '$(VERSION)'

.PHONY: release
release: ## Build the archives of VERSION=vX.Y.Z from committed sources, record them in krew.yaml
	@$(GO) -C tools run ./release publish -version '$(VERSION)'

.PHONY: release-check
release-check: ## Rebuild what krew.yaml lists and compare, if the sources are those of the release
	@$(GO) -C tools run ./release check

.PHONY: size
size: ## Print the size of a release and what contributes most to it
	@$(GO) -C tools run ./size

.PHONY: clean
clean: ## Remove bin/ and dist/
	rm -rf bin dist
