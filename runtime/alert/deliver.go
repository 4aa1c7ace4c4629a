package alert

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The times that bound what a process does for others. A claim outlives the
// longest sending, so that nobody sends beside a sender that is alive.
const (
	sendTime        = 20 * time.Second // for one channel, or its share of the time that is left if that is less
	leastTime       = time.Second      // for one channel; with less left it is not asked, since nobody would know whether it has taken the alert
	claimTime       = time.Minute      // until the sender is taken for dead
	reservationTime = 5 * time.Minute  // until all channels are through
	enrichTime      = 5 * time.Second  // for one Enricher
	markTime        = 10 * time.Second // to write down that something was sent, also when the caller has given up
)

// deliver sends alerts to the channels that have not accepted them, and starts
// the cooldown of those that arrived anywhere. A channel that fails holds back
// no other. The error says what is left to be done.
func (p *Pipeline) deliver(ctx context.Context, alerts []Alert) (deliveries []Delivery, arrivals []Arrival, _ error) {
	var problems []error
	left := len(alerts) * len(p.notifiers)
	for i := range alerts {
		a := &alerts[i]
		delivered, refused := len(p.notifiers) == 0, true
		var arrived time.Time // at the first of the channels
		for _, n := range p.notifiers {
			d, accepted, err := p.send(ctx, a, n, share(ctx, left))
			left--
			if d != nil {
				deliveries = append(deliveries, *d)
			}
			if arrived.IsZero() || !accepted.IsZero() && accepted.Before(arrived) {
				arrived = accepted
			}
			if err == nil {
				delivered = true
				continue
			}
			refused = refused && errors.Is(err, errRefused)
			problems = append(problems, err)
		}
		first, err := p.settle(ctx, a, delivered, refused)
		if err != nil {
			problems = append(problems, err)
		}
		if first {
			arrivals = append(arrivals, Arrival{Alert: a.ID(), At: arrived})
		}
	}
	return deliveries, arrivals, errors.Join(problems...)
}

// share returns the time that one of so many sendings may take, so that a channel
// that hangs leaves the others theirs. It is 0 when too little is left.
func share(ctx context.Context, sendings int) time.Duration {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return sendTime
	}
	left := time.Until(deadline)
	if left < leastTime {
		return 0
	}
	return min(sendTime, max(leastTime, left/time.Duration(sendings)))
}

// errRefused marks an attempt that certainly sent nothing.
var errRefused = errors.New("nothing was sent")

type refusedError struct{ error }

func (e refusedError) Unwrap() error        { return e.error }
func (e refusedError) Is(target error) bool { return target == errRefused }

// send sends an alert to one channel unless that was done: it claims the alert,
// sends it within the time given, and marks it as sent. The Delivery is nil when nothing was tried; the
// time is when the channel had accepted it, in this call or before.
func (p *Pipeline) send(ctx context.Context, a *Alert, n Notifier, most time.Duration) (*Delivery, time.Time, error) {
	id := a.ID()
	partition, channel := deliveryPartition(id), n.Channel()
	var again bool
	var attempt int
	var sent, until time.Time
	err := update(ctx, p.history, partition, channel, findingRetention, func(d *delivery) (bool, error) {
		switch {
		case d.Status == statusSent:
			sent = d.Sent
			return false, nil
		case d.Status == statusClaimed && p.now().Before(d.Until):
			return false, fmt.Errorf("send alert %s to %s: %w", id, channel, ErrBusy)
		}
		if d.Status == statusClaimed {
			d.Unknown++
		}
		again = d.Status == statusClaimed || d.Status == statusUnknown
		until = p.now().Add(claimTime)
		d.Status, d.Until = statusClaimed, until
		d.Attempts++
		attempt = d.Attempts
		return true, nil
	})
	if err != nil || !sent.IsZero() {
		return nil, sent, err
	}
	var failure error
	if most == 0 {
		failure = errors.New("too little time is left to send it")
	} else if p.now().Add(sendTime + markTime).After(until) {
		failure = errors.New("claiming it took so long that another process may soon take over")
	} else {
		within, cancel := context.WithTimeout(ctx, most)
		failure = n.Notify(within, a)
		cancel()
	}
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	sent, err = p.mark(mark, partition, channel, attempt, failure)
	if failure != nil {
		refused := !again && !errors.Is(failure, ErrUnknownOutcome)
		failure = fmt.Errorf("send alert %s to %s: %w", id, channel, failure)
		if refused && err == nil {
			failure = refusedError{failure}
		}
		return &Delivery{Alert: id, Channel: channel, Again: again, Err: failure}, sent, errors.Join(failure, err)
	}
	if err != nil {
		err = fmt.Errorf("alert %s was sent to %s, and will be sent again because that could not be written down: %w", id, channel, err)
	}
	return &Delivery{Alert: id, Channel: channel, Again: again}, sent, err
}

// mark writes down how the attempt of that number went. It tries until ctx is
// done: an alert that was sent and not marked is sent again. When the channel has
// accepted it, now or before, it returns the time that is written down.
func (p *Pipeline) mark(ctx context.Context, partition, channel string, attempt int, failure error) (sent time.Time, _ error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := update(ctx, p.history, partition, channel, findingRetention, func(d *delivery) (bool, error) {
			switch {
			case d.Status == statusSent:
				sent = d.Sent
				return false, nil
			case failure == nil:
				sent = p.now()
				d.Status, d.Sent, d.Error, d.Until = statusSent, sent, "", time.Time{}
			case d.Attempts != attempt:
				return false, nil // another has taken over meanwhile, and says how it went
			default:
				d.Status, d.Error, d.Until = statusFailed, cut(failure.Error(), shownBytes), time.Time{}
				if errors.Is(failure, ErrUnknownOutcome) {
					d.Unknown++
				}
				if d.Unknown > 0 { // this attempt, or one before it
					d.Status = statusUnknown
				}
			}
			return true, nil
		})
		if err == nil {
			return sent, nil
		}
		if p.pause(ctx, wait) != nil {
			return time.Time{}, err
		}
	}
}

// pause waits for a time, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle ends the reservation of an alert: with a cooldown when it was delivered
// to at least one channel, with nothing when all of them have refused it. While
// nobody knows it stays. It reports whether the alert was not known to be
// delivered before: of all calls that have sent it one finds that.
func (p *Pipeline) settle(ctx context.Context, a *Alert, delivered, refused bool) (first bool, _ error) {
	if !delivered && !refused || len(p.notifiers) == 0 && !p.remembersCooldown(a.Completed) {
		return false, nil
	}
	at := a.Time()
	if at.IsZero() {
		at = p.now()
	}
	err := update(ctx, p.history, cooldownPartition(a.CooldownKey()), stateSort, p.stateRetention(), func(state *State) (bool, error) {
		reserved := state.Reservation != nil && state.Reservation.Finding == a.ID()
		if delivered {
			first = !state.told(a.ID())
			*state = state.Delivered(a, at)
			return reserved || first, nil
		}
		state.Reservation = nil
		return reserved, nil
	})
	return first && err == nil, err
}
