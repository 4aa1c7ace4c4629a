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
	sendTime        = 20 * time.Second // for one channel
	claimTime       = time.Minute      // until the sender is taken for dead
	reservationTime = 5 * time.Minute  // until all channels are through
	enrichTime      = 5 * time.Second  // for one Enricher
	markTime        = 10 * time.Second // to write down that something was sent, also when the caller has given up
)

// deliver sends alerts to the channels that have not accepted them, and starts
// the cooldown of those that arrived anywhere. A channel that fails holds back
// no other. The error says what is left to be done.
func (p *Pipeline) deliver(ctx context.Context, alerts []Alert) ([]Delivery, error) {
	var deliveries []Delivery
	var problems []error
	for i := range alerts {
		a := &alerts[i]
		delivered, refused := len(p.notifiers) == 0, true
		for _, n := range p.notifiers {
			d, err := p.send(ctx, a, n)
			if d != nil {
				deliveries = append(deliveries, *d)
			}
			if err == nil {
				delivered = true
				continue
			}
			refused = refused && errors.Is(err, errRefused)
			problems = append(problems, err)
		}
		if err := p.settle(ctx, a, delivered, refused); err != nil {
			problems = append(problems, err)
		}
	}
	return deliveries, errors.Join(problems...)
}

// errRefused marks an attempt that certainly sent nothing.
var errRefused = errors.New("nothing was sent")

type refusedError struct{ error }

func (e refusedError) Unwrap() error        { return e.error }
func (e refusedError) Is(target error) bool { return target == errRefused }

// send sends an alert to one channel unless that was done: it claims the alert,
// sends it, and marks it as sent. The Delivery is nil when nothing was tried.
func (p *Pipeline) send(ctx context.Context, a *Alert, n Notifier) (*Delivery, error) {
	id := a.ID()
	partition, channel := deliveryPartition(id), n.Channel()
	var sent, again bool
	var attempt int
	var until time.Time
	err := update(ctx, p.history, partition, channel, findingRetention, func(d *delivery) (bool, error) {
		switch {
		case d.Status == statusSent:
			sent = true
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
	if err != nil || sent {
		return nil, err
	}
	var failure error
	if p.now().Add(sendTime + markTime).After(until) {
		failure = errors.New("claiming it took so long that another process may soon take over")
	} else {
		within, cancel := context.WithTimeout(ctx, sendTime)
		failure = n.Notify(within, a)
		cancel()
	}
	mark, cancel := context.WithTimeout(context.WithoutCancel(ctx), markTime)
	defer cancel()
	err = p.mark(mark, partition, channel, attempt, failure)
	if failure != nil {
		refused := !again && !errors.Is(failure, ErrUnknownOutcome)
		failure = fmt.Errorf("send alert %s to %s: %w", id, channel, failure)
		if refused && err == nil {
			failure = refusedError{failure}
		}
		return &Delivery{Alert: id, Channel: channel, Again: again, Err: failure}, errors.Join(failure, err)
	}
	if err != nil {
		err = fmt.Errorf("alert %s was sent to %s, and will be sent again because that could not be written down: %w", id, channel, err)
	}
	return &Delivery{Alert: id, Channel: channel, Again: again}, err
}

// mark writes down how the attempt of that number went. It tries until ctx is
// done: an alert that was sent and not marked is sent again.
func (p *Pipeline) mark(ctx context.Context, partition, channel string, attempt int, failure error) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := update(ctx, p.history, partition, channel, findingRetention, func(d *delivery) (bool, error) {
			switch {
			case d.Status == statusSent:
				return false, nil
			case failure == nil:
				d.Status, d.Sent, d.Error, d.Until = statusSent, p.now(), "", time.Time{}
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
			return nil
		}
		if p.pause(ctx, wait) != nil {
			return err
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
// nobody knows it stays.
func (p *Pipeline) settle(ctx context.Context, a *Alert, delivered, refused bool) error {
	if !delivered && !refused || !p.remembersCooldown(a.Completed) {
		return nil
	}
	at := a.Time()
	if at.IsZero() {
		at = p.now()
	}
	return update(ctx, p.history, cooldownPartition(a.CooldownKey()), stateSort, p.stateRetention(), func(state *State) (bool, error) {
		reserved := state.Reservation != nil && state.Reservation.Finding == a.ID()
		if delivered {
			next := state.Delivered(a, at)
			write := reserved || !state.told(a.ID())
			*state = next
			return write, nil
		}
		state.Reservation = nil
		return reserved, nil
	})
}
