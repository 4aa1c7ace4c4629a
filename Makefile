.PHONY: demo generate check test e2e lint fuzz bench build package release reproduce diagram

STATICCHECK = go run honnef.co/go/tools/cmd/staticcheck@v0.7.0
ACTIONLINT = go run github.com/rhysd/actionlint/cmd/actionlint@v1.7.7 .github/workflows/*.yml deploy/github/workflows/*.yml
GORELEASER = go run github.com/goreleaser/goreleaser/v2@v2.16.0
FUZZTIME = 60s
FUZZ = runtime:FuzzKeys runtime:FuzzLike runtime/cloudtrail:FuzzReader runtime/report:FuzzMail runtime/report:FuzzQueries runtime/report:FuzzExceptionEntry runtime/internal/plain:FuzzLine generated:FuzzMatchEqualsLinearScan cmd/sigmagen/internal/sigma:FuzzCondition cmd/sigmagen:FuzzParse cmd/sigmagen:FuzzConfiguration cmd/sigmagen/internal/gogen:FuzzGenerate
LAMBDA = CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go build -trimpath -tags lambda.norpc -ldflags '-s -w'

demo: ## compile the rules and scan the delivery files of testdata
	go run ./cmd/sigmagen generate
	go run ./cmd/trailalerts scan testdata/cloudtrail

generate: ## write generated/ from rules/, and the tables of the Terraform module
	go generate ./...
	go run -C deploy/terraform/tables .

check: ## what is generated and go.mod are up to date, sources are formatted
	go run ./cmd/sigmagen generate --check
	go run -C deploy/terraform/tables . --check
	go mod tidy -diff
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

test: ## vet and test everything
	go vet ./...
	go vet -tags e2e ./runtime/e2e/...
	go test ./...
	go -C deploy/terraform/tables test ./...

e2e: ## the programs of a release between servers that speak the APIs of AWS; needs Node.js
	npm ci --prefix runtime/e2e --ignore-scripts --no-audit --no-fund
	go test -tags e2e -count=1 -v ./runtime/e2e

lint: ## static analysis
	$(STATICCHECK) -tags e2e ./... ./.ci/shared ./.ci/reproduce
	cd deploy/terraform/tables && $(STATICCHECK) ./...
	$(ACTIONLINT)

fuzz: ## run every fuzz target for FUZZTIME
	@for t in $(FUZZ); do go test ./$${t%%:*} -list "^$${t##*:}$$" | grep -q "^Fuzz" || { echo "there is no $$t"; exit 1; }; \
	go test ./$${t%%:*} -run '^$$' -fuzz "^$${t##*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x || exit 1; done

bench: ## measure the matchers and the record splitter
	go test -run '^$$' -bench . -benchmem ./generated ./runtime/...

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
