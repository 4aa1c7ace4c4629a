//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
	"github.com/trailalerts/trailalerts/runtime/store/storetest"
)

// contracts holds the servers against what the fakes of the unit tests are held
// against, by running the same tests. It prints what a server is too lenient for.
func contracts(t *testing.T, c *cloud) {
	for _, service := range []struct{ name, endpoint, directory, tests string }{
		{"SQS", c.fauxqs, "analyzer", "TestContract"},
		{"SNS", c.fauxqs, "notify/sns", "TestContract"},
		{"SES", c.ses, "notify/ses", "TestContract"},
		{"DynamoDB", c.dynalite, "store/dynamodb/dynamotest", "TestContract"},
	} {
		t.Run(service.name, func(t *testing.T) {
			test := exec.Command("go", "test", "-count=1", "-v", "-run", "^"+service.tests+"$", ".")
			test.Dir = filepath.Join("..", filepath.FromSlash(service.directory))
			test.Env = append(os.Environ(), "TRAILALERTS_TEST_"+strings.ToUpper(service.name)+"="+service.endpoint)
			out, err := test.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "--- PASS: "+service.tests+"/other_server ") {
				t.Fatalf("%v\n%s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if _, text, found := strings.Cut(line, "not held against this server: "); found {
					t.Logf("not held against this server: %s", strings.TrimSpace(text))
				}
			}
		})
	}
}

// stores holds both stores against the contract of alert.Store, the one of AWS in
// a table of the server.
func stores(t *testing.T, c *cloud) {
	t.Run("SQLite", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T, now func() time.Time) alert.Store {
			return openSQLite(t, filepath.Join(t.TempDir(), "alerts.db"), now)
		})
		storetest.RunShared(t, func(t *testing.T, now func() time.Time) (one, other alert.Store) {
			path := filepath.Join(t.TempDir(), "alerts.db")
			return openSQLite(t, path, now), openSQLite(t, path, now)
		})
	})
	t.Run("DynamoDB", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T, now func() time.Time) alert.Store {
			return dynamodb.New(c.tables, dynamotest.CreateTable(t, c.dynalite), now)
		})
		storetest.RunShared(t, func(t *testing.T, now func() time.Time) (one, other alert.Store) {
			table := dynamotest.CreateTable(t, c.dynalite)
			return dynamodb.New(c.tables, table, now), dynamodb.New(dynamotest.Client(c.dynalite), table, now)
		})
	})
}

func openSQLite(t *testing.T, path string, now func() time.Time) alert.Store {
	t.Helper()
	s, err := sqlite.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
