package runtime

import "time"

// TimePart is a part of a date and time (Sigma specification 2.1.0, appendix
// "Value Modifiers", time modifiers).
type TimePart uint8

// The parts that a rule can compare. Week is that of ISO 8601.
const (
	Minute TimePart = iota + 1
	Hour
	Day
	Week
	Month
	Year
)

// Part returns a part of the times that a field holds, as its text writes them:
// 2006-01-02, 2006-01-02T15:04 or 2006-01-02T15:04:05, with or without a
// fraction of a second and a zone. No zone is converted. What is not such a
// text, or lacks the part, satisfies no predicate.
func (v Value) Part(part TimePart) PartOfTime { return PartOfTime{v, part} }

// PartOfTime is a part of the times that a field holds.
type PartOfTime struct {
	value Value
	part  TimePart
}

// Equal reports whether the part equals one of numbers.
func (p PartOfTime) Equal(numbers ...int) bool { return p.any(equal, numbers) }

// Less reports whether the part is less than one of numbers.
func (p PartOfTime) Less(numbers ...int) bool { return p.any(less, numbers) }

// LessOrEqual reports whether the part is at most one of numbers.
func (p PartOfTime) LessOrEqual(numbers ...int) bool { return p.any(less|equal, numbers) }

// Greater reports whether the part is greater than one of numbers.
func (p PartOfTime) Greater(numbers ...int) bool { return p.any(greater, numbers) }

// GreaterOrEqual reports whether the part is at least one of numbers.
func (p PartOfTime) GreaterOrEqual(numbers ...int) bool { return p.any(greater|equal, numbers) }

func (p PartOfTime) any(o order, numbers []int) bool {
	for _, n := range numbers {
		if p.value.any(&test{kind: testTime, part: p.part, order: o, number: n}, nil) {
			return true
		}
	}
	return false
}

// holdsTime compares a part of the time that s writes.
func (t *test) holdsTime(s string) bool {
	n, ok := timePart(s, t.part)
	switch {
	case !ok:
		return false
	case n < t.number:
		return t.order&less != 0
	case n > t.number:
		return t.order&greater != 0
	default:
		return t.order&equal != 0
	}
}

// timePart reads a part of a date and time. It is written out, since the errors
// of time.Parse allocate.
func timePart(s string, part TimePart) (n int, ok bool) {
	year, okYear := number(s, 0, 4)
	month, okMonth := number(s, 5, 7)
	day, okDay := number(s, 8, 10)
	if !okYear || !okMonth || !okDay || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	date := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if date.Year() != year || int(date.Month()) != month || date.Day() != day {
		return 0, false // no day of the calendar
	}
	hour, minute, hasClock, ok := clock(s[10:])
	if !ok {
		return 0, false
	}
	switch part {
	case Year:
		return year, true
	case Month:
		return month, true
	case Week:
		_, week := date.ISOWeek()
		return week, true
	case Day:
		return day, true
	case Hour:
		return hour, hasClock
	default:
		return minute, hasClock
	}
}

// clock reads what follows a date: nothing, or T15:04, seconds, a fraction of
// them, a zone. ok is false for anything else.
func clock(s string) (hour, minute int, has, ok bool) {
	if s == "" {
		return 0, 0, false, true
	}
	hour, okHour := number(s, 1, 3)
	minute, okMinute := number(s, 4, 6)
	if s[0] != 'T' && s[0] != 't' && s[0] != ' ' || !okHour || !okMinute || s[3] != ':' || hour > 23 || minute > 59 {
		return 0, 0, false, false
	}
	s = s[6:]
	if len(s) > 0 && s[0] == ':' {
		second, okSecond := number(s, 1, 3)
		if !okSecond || second > 60 {
			return 0, 0, false, false
		}
		s = s[3:]
		if len(s) > 0 && (s[0] == '.' || s[0] == ',') {
			digits := 1
			for digits < len(s) && '0' <= s[digits] && s[digits] <= '9' {
				digits++
			}
			if digits == 1 {
				return 0, 0, false, false
			}
			s = s[digits:]
		}
	}
	return hour, minute, true, isZone(s)
}

// isZone reports whether s is empty, Z, or an offset: +01, +0100 or +01:00.
func isZone(s string) bool {
	switch {
	case s == "" || s == "Z" || s == "z":
		return true
	case s[0] != '+' && s[0] != '-':
		return false
	}
	hours, okHours := number(s, 1, 3)
	minutes, okMinutes := number(s, len(s)-2, len(s))
	if !okHours || hours > 23 {
		return false
	}
	return len(s) == 3 || okMinutes && minutes < 60 && (len(s) == 5 || len(s) == 6 && s[3] == ':')
}

// number reads the digits of s[from:to].
func number(s string, from, to int) (n int, ok bool) {
	if from < 0 || len(s) < to {
		return 0, false
	}
	for _, c := range []byte(s[from:to]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
