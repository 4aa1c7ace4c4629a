package processor

// seenLimit is how many findings a process recognises when they come again.
// SQS delivers at least once, and the analyzer sends the findings of a file
// again that it could not read to the end; both happen within minutes.
const seenLimit = 10_000

// seen is a bounded set of finding identities that forgets the oldest.
type seen struct {
	ids   map[string]struct{}
	order []string // a ring, once it has reached the limit
	next  int      // the oldest entry of the ring
	limit int
}

func newSeen(limit int) *seen {
	return &seen{ids: map[string]struct{}{}, limit: limit}
}

func (s *seen) has(id string) bool {
	_, ok := s.ids[id]
	return ok
}

// add remembers id, which must not be in the set.
func (s *seen) add(id string) {
	s.ids[id] = struct{}{}
	if len(s.order) < s.limit {
		s.order = append(s.order, id)
		return
	}
	delete(s.ids, s.order[s.next])
	s.order[s.next] = id
	s.next = (s.next + 1) % s.limit
}
