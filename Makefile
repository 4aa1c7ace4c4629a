.PHONY: demo generate check test e2e lint fuzz bench bench-e2e bench-peers build package release reproduce diagram

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.7.0
BENCHSTAT = go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da
ACTIONLINT = go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.7 .github/workflows/*.yml deploy/github/workflows/*.yml
GORELEASER = go run github.com/goreleaser/goreleaser/v2@v2.16.0
FUZZTIME = 60s
FUZZ = runtime:FuzzKeys runtime:FuzzLike runtime/cloudtrail:FuzzReader cmd/trailalerts:FuzzDetection runtime/report:FuzzMail runtime/report:FuzzQueries runtime/report:FuzzExceptionEntry runtime/internal/plain:FuzzLine generated:FuzzMatchEqualsLinearScan cmd/sigmagen/internal/sigma:FuzzCondition cmd/sigmagen/internal/prove:FuzzVerdicts cmd/sigmagen:FuzzParse cmd/sigmagen:FuzzConfiguration cmd/sigmagen/internal/gogen:FuzzGenerate
BENCHED = $(addprefix ./,$(sort $(dir $(shell grep -rl --include='*_test.go' '^func Benchmark' generated runtime))))
LAMBDA = CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -tags lambda.norpc -ldflags '-s -w'

demo: ## compile the rules and scan the delivery files of testdata
	go run ./cmd/sigmagen generate
	go run ./cmd/trailalerts scan testdata/cloudtrail

generate: ## write generated/ from rules/, and the tables of the Terraform module
	go generate ./...
	go run -C deploy/terraform/tables .

check: ## what is generated and go.mod are up to date, rules have no warnings, sources are formatted
	go run ./cmd/sigmagen generate --check
	go run ./cmd/sigmagen check --strict
	go run -C deploy/terraform/tables . --check
	go mod tidy -diff
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

test: ## vet and test everything
	go vet ./... ./.ci/shared ./.ci/reproduce ./.ci/bench ./.ci/peers
	go vet -tags e2e ./runtime/e2e/...
	go test ./... ./.ci/bench ./.ci/peers
	go -C deploy/terraform/tables test ./...

e2e: ## the programs of a release between servers that speak the APIs of AWS; needs Node.js
	npm ci --prefix runtime/e2e --ignore-scripts --no-audit --no-fund
	go test -tags e2e -count=1 -v ./runtime/e2e

lint: ## static analysis
	$(STATICCHECK) -tags e2e ./... ./.ci/shared ./.ci/reproduce ./.ci/bench ./.ci/peers
	cd deploy/terraform/tables && $(STATICCHECK) ./...
	$(ACTIONLINT)

fuzz: ## run every fuzz target for FUZZTIME
	@for t in $(FUZZ); do go test ./$${t%%:*} -list "^$${t##*:}$$" | grep -q "^Fuzz" || { echo "there is no $$t"; exit 1; }; \
	go test ./$${t%%:*} -run '^$$' -fuzz "^$${t##*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; done

bench: ## measure the steps one by one, and compare with the run before, or with BASE=FILE
	@mkdir -p bin; for i in 1 2 3 4 5 6; do go test -run '^$$' -bench . -benchmem -benchtime 200ms $(BENCHED) || exit 1; done > bin/bench.new || { cat bin/bench.new; exit 1; }
	@$(BENCHSTAT) $(addprefix before=,$(or $(BASE),$(wildcard bin/bench.txt))) now=bin/bench.new
	@mv bin/bench.new bin/bench.txt

bench-e2e: ## measure what the project promises, with the programs as they are used; BENCH=-h says what can be chosen
	go run ./.ci/bench $(if $(wildcard ../shared),-shared ../shared) $(BENCH)

bench-peers: ## other evaluators of Sigma, from their registries, on the same rules and files; PEERS=-h says what can be chosen; needs Python and Rust
	nice go run ./.ci/peers $(if $(wildcard ../shared),-shared ../shared) $(PEERS)

build: ## the Lambda binaries for linux/arm64 and the commands for this machine
	$(LAMBDA) -o bin/analyzer/bootstrap ./cmd/analyzer
	$(LAMBDA) -o bin/processor/bootstrap ./cmd/processor
	go build -trimpath -o bin/ ./cmd/sigmagen ./cmd/trailalerts

package: ## the zips and archives of a release, without publishing
	$(GORELEASER) release --snapshot --clean --skip=publish

release: ## the files of a release, of the tag that is checked out
	$(GORELEASER) release --clean --skip=publish

reproduce: ## build the release, and that of a new repository of rules, twice and compare
	go run ./.ci/reproduce

diagram: ## docs/architecture.svg from its source
	go run oss.terrastruct.com/d2@v0.6.9 docs/architecture.d2 docs/architecture.svg
