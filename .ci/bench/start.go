package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// starts is how often each function is started.
const starts = 20

// start measures how long the functions take to be ready for their first event, and
// holds that they call nobody before.
func (b *bench) start() error {
	names := []string{"analyzer", "processor"}
	paths := map[string]string{}
	for _, name := range names {
		path, err := b.buildFunction(name)
		if err != nil {
			return err
		}
		paths[name] = path
	}
	b.title("Start of the functions: from exec to the first question for an event, %d times in turn", starts)
	times := map[string][]time.Duration{}
	for range starts {
		for _, name := range names {
			var called atomic.Pointer[string]
			aws := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				call := r.Method + " " + r.RequestURI
				called.CompareAndSwap(nil, &call)
				w.WriteHeader(http.StatusInternalServerError)
			})
			l, err := b.live(paths[name], aws, nil)
			if err != nil {
				return err
			}
			if call := called.Load(); call != nil {
				return fmt.Errorf("%s calls somebody before it is ready: %s", name, *call)
			}
			times[name] = append(times[name], l.ready)
		}
	}
	rows := [][]string{{"", "median", "quartiles", "promised"}}
	promised := bound{limit: 15, unit: " ms"}
	for _, name := range names {
		values := milliseconds(times[name])
		rows = append(rows, []string{name, fmt.Sprintf("%.1f ms", median(values)), fmt.Sprintf("%.1f to %.1f ms", quantile(values, 0.25), quantile(values, 0.75)), promised.verdict(median(values))})
	}
	b.table(rows)
	b.command("CGO_ENABLED=0 go build -trimpath -tags lambda.norpc -ldflags '-s -w' ./cmd/{analyzer,processor}")
	return nil
}
