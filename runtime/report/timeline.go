package report

import (
	"math"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// bars is the most bars that a timeline has: as many as a phone can show.
const bars = 60

// steps are the widths of bars that people can read off, the smallest first.
var steps = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// A timeline is how many alerts there were when, by the time of their events.
type timeline struct {
	Bars     []bar
	Step     shown // the width of a bar
	From, To shown
	Middle   shown
	Most     int // in one bar
	Untimed  int // alerts whose event has no time that can be read
}

// A bar is the alerts of one span of time.
type bar struct {
	From   shown
	Count  int
	X      int
	Pieces []piece // by severity, the most severe at the bottom
	counts map[runtime.Level]int
}

// A piece is the alerts of one severity in a bar, as a rectangle in a drawing
// that is as wide as there are bars, and 100 high.
type piece struct {
	Class     string
	Name      shown
	Count     int
	Y, Height float64
}

// newTimeline counts alerts. Times are chosen by whoever wrote the record: two
// that lie thousands of years apart make wide bars, never many.
func newTimeline(alerts []*alert.Alert) timeline {
	var t timeline
	var first, last time.Time
	for _, a := range alerts {
		at := a.Time()
		switch {
		case at.IsZero():
			t.Untimed++
			continue
		case first.IsZero():
			first, last = at, at
		case at.Before(first):
			first = at
		case at.After(last):
			last = at
		}
	}
	if first.IsZero() {
		return t
	}
	step := barStep(first, last)
	from := first.Unix() - modulo(first.Unix(), int64(step/time.Second))
	seconds := int64(step / time.Second)
	t.Bars = make([]bar, (last.Unix()-from)/seconds+1)
	for i := range t.Bars {
		t.Bars[i] = bar{From: clock(time.Unix(from+int64(i)*seconds, 0)), X: i, counts: map[runtime.Level]int{}}
	}
	for _, a := range alerts {
		if at := a.Time(); !at.IsZero() {
			b := &t.Bars[(at.Unix()-from)/seconds]
			b.Count++
			b.counts[severity(a)]++
			t.Most = max(t.Most, b.Count)
		}
	}
	for i := range t.Bars {
		t.Bars[i].pile(t.Most)
	}
	t.Step = stepName(step)
	t.From, t.To = t.Bars[0].From, clock(time.Unix(from+int64(len(t.Bars))*seconds, 0))
	t.Middle = clock(time.Unix(from+int64(len(t.Bars))*seconds/2, 0))
	return t
}

// barStep returns the smallest step that makes few enough bars.
func barStep(first, last time.Time) time.Duration {
	seconds := last.Unix() - first.Unix()
	for _, step := range steps {
		// A span that starts within a bar reaches into one more.
		if seconds/int64(step/time.Second)+2 <= bars {
			return step
		}
	}
	longest := steps[len(steps)-1]
	return longest * time.Duration(seconds/int64(longest/time.Second)/(bars-2)+1)
}

// modulo is the remainder that is not negative, also of times before 1970.
func modulo(n, by int64) int64 { return (n%by + by) % by }

// stepName writes a step of bars.
func stepName(d time.Duration) shown {
	days := int(d / (24 * time.Hour))
	switch {
	case days == 0 && d < time.Hour:
		return counted(int(d/time.Minute), "minute", "minutes")
	case days == 0:
		return counted(int(d/time.Hour), "hour", "hours")
	default:
		return counted(days, "day", "days")
	}
}

// pile lays the severities of a bar upon each other. The highest bar is 100.
func (b *bar) pile(most int) {
	y := 100.0
	for _, level := range []runtime.Level{runtime.Critical, runtime.High, runtime.Medium, runtime.Low, runtime.Informational, 0} {
		n := b.counts[level]
		if n == 0 {
			continue
		}
		// One alert among thousands is still seen.
		height := max(2, 100*float64(n)/float64(most))
		y = max(0, y-height)
		b.Pieces = append(b.Pieces, piece{severityClass(level), severityName(level), n, round(y), round(height)})
	}
}

func round(n float64) float64 { return math.Round(n*100) / 100 }
