//go:build e2e

package e2e

import (
	"flag"
	"os"
	"testing"
)

// table is what all scenarios come to.
var table results

// TestMain lets many scenarios run side by side, since what they mostly do is
// wait, and ends with the table.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err) // there is such a flag in every test binary
	}
	code := m.Run()
	table.write(os.Stdout)
	os.Exit(code)
}

// A scenario is one way in which the world is not as it should be.
type scenario struct {
	name string // what happens
	run  func(s *stage)
}

// TestEndToEnd runs all scenarios and counts what became of the alerts. Beside
// them it holds the servers, the fakes and the stores against their contracts.
func TestEndToEnd(t *testing.T) {
	c := newCloud(t)
	t.Run("proof", func(t *testing.T) {
		for name, part := range map[string]func(*testing.T, *cloud){"contracts": contracts, "stores": stores} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				part(t, c)
			})
		}
		for _, scenario := range scenarios {
			t.Run(scenario.name, func(t *testing.T) {
				t.Parallel()
				s := &stage{T: t, cloud: c}
				scenario.run(s)
				s.account()
				table.add(scenario.name, s.counts)
			})
		}
	})
	if total := table.total(); total.lost != 0 || total.twice != 0 {
		t.Errorf("lost: %d, twice: %d; both must be 0", total.lost, total.twice)
	}
}
