package fault

// MarshalText gives the words of the statement.
func (s Statement) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a statement from its words, as Parse does.
func (s *Statement) UnmarshalText(text []byte) (err error) {
	*s, err = Parse(string(text))
	return err
}
