package alert

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// exceptedBy reports which part of the rule's exception covers the finding. An
// exception that has expired by the time of the event covers nothing, and says
// so. An event without a time is as late as now.
func exceptedBy(f *Finding, exceptions []runtime.Exception, now time.Time) (why string, excepted bool) {
	i := slices.IndexFunc(exceptions, func(e runtime.Exception) bool { return e.Rule == f.Rule.Key })
	if i < 0 {
		return "", false
	}
	e := exceptions[i]
	covers := coveredBy(f, &e)
	if covers == "" {
		return "", false
	}
	at := f.Time()
	if at.IsZero() {
		at = now
	}
	if !e.Expires.IsZero() && !at.Before(e.Expires) {
		return fmt.Sprintf("the exception for %s expired on %s", covers, e.Expires.UTC().Format(time.RFC3339)), false
	}
	why = "excepted: " + covers
	if e.Reason != "" {
		why += ", because: " + e.Reason
	}
	if e.Owner != "" {
		why += " (" + e.Owner + ")"
	}
	return why, true
}

func coveredBy(f *Finding, e *runtime.Exception) string {
	for _, account := range e.Accounts {
		if account == f.Event.AccountID {
			return "account " + account
		}
	}
	for _, actor := range e.Actors {
		if actor == f.Event.Actor || actor == f.Event.IssuerARN {
			return "actor " + actor
		}
	}
	if address, err := netip.ParseAddr(f.Event.SourceIP); err == nil {
		for _, prefix := range e.SourceIPs {
			if prefix.Contains(address.Unmap()) {
				return fmt.Sprintf("source address %s in %s", address, prefix)
			}
		}
	}
	for _, expression := range e.ActorRegexps {
		for _, name := range []string{f.Event.Actor, f.Event.IssuerARN, f.Event.ActorName} {
			if name != "" && expression.MatchString(name) {
				return fmt.Sprintf("actor %s matches %s", name, expression)
			}
		}
	}
	return ""
}
