package session

// WatchHashes lets f stand around every password hash that s computes.
func WatchHashes(s *Service, f func(hash func() []byte) []byte) {
	derive := s.hasher.derive
	s.hasher.derive = func(password, salt []byte, time, memory uint32, threads uint8, n uint32) []byte {
		return f(func() []byte { return derive(password, salt, time, memory, threads, n) })
	}
}

// AnswerWithin is how long a question stands.
const AnswerWithin = answerWithin
