package sqlite_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

// As a process of its own, this test is a counter: it increments one item until
// it has done so as often as TRAILALERTS_TEST_COUNT says, or is killed, and prints
// a line after each increment that the store has acknowledged.
func TestMain(m *testing.M) {
	path := os.Getenv("TRAILALERTS_TEST_FILE")
	if path == "" {
		os.Exit(m.Run())
	}
	var n int
	if _, err := fmt.Sscan(os.Getenv("TRAILALERTS_TEST_COUNT"), &n); err != nil {
		panic(err)
	}
	if err := count(path, n, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func count(path string, n int, acknowledged io.Writer) error {
	store, err := sqlite.Open(path, time.Now)
	if err != nil {
		return err
	}
	for done := 0; done < n; {
		item, err := store.Get(context.Background(), "p", "counter")
		if err != nil {
			return err
		}
		var counter struct{ N int }
		if item.Version > 0 {
			if err := json.Unmarshal(item.Body, &counter); err != nil {
				return err
			}
		}
		next := newItem("p", "counter", item.Version)
		next.Body = fmt.Appendf(nil, `{"N":%d}`, counter.N+1)
		switch err := store.Put(context.Background(), next); {
		case err == nil:
			done++
			if _, err := fmt.Fprintln(acknowledged, counter.N+1); err != nil {
				return err
			}
		case !errors.Is(err, alert.ErrConflict):
			return err
		}
	}
	return store.Close()
}

// counter returns a process that counts.
func counter(t *testing.T, path string, n int) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), "TRAILALERTS_TEST_FILE="+path, fmt.Sprintf("TRAILALERTS_TEST_COUNT=%d", n))
	command.Stderr = os.Stderr
	return command
}

// counted returns what the counter has come to.
func counted(t *testing.T, path string) int {
	t.Helper()
	item := get(t, open(t, path, time.Now), "p", "counter")
	var counter struct{ N int }
	if err := json.Unmarshal(item.Body, &counter); err != nil {
		t.Fatal(err)
	}
	if int64(counter.N) != item.Version {
		t.Errorf("the counter is %d in version %d", counter.N, item.Version)
	}
	return counter.N
}

// TestProcesses: no increment of several processes is lost.
func TestProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	const processes, each = 4, 50
	var group sync.WaitGroup
	for range processes {
		command := counter(t, path, each)
		group.Go(func() {
			if err := command.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := counted(t, path); got != processes*each {
		t.Errorf("the counter is %d, want %d", got, processes*each)
	}
}

// TestKill: what the store has acknowledged is there after its process was killed,
// and the file is whole; others go on at once.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	total := 0
	for round := range 5 {
		command := counter(t, path, 1<<30)
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if acknowledged++; acknowledged == 10+round*7 {
				if err := command.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := command.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process was not killed: %v", err)
		}
		total += acknowledged
		// The last write may have happened without being acknowledged.
		got := counted(t, path)
		if got < total || got > total+1 {
			t.Errorf("round %d: the counter is %d, of which %d were acknowledged", round, got, total)
		}
		total = got
	}
	var result string
	if err := shell(t, path).QueryRow(`PRAGMA integrity_check`).Scan(&result); err != nil || result != "ok" {
		t.Errorf("integrity: %s, %v", result, err)
	}
}
