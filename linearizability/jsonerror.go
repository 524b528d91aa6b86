package linearizability

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decodeStrict reads one JSON object with no field that v has not and nothing
// behind it. Errors wrap [ErrHistory] and say, in words of the format, which field
// is wrong and what it must be.
func decodeStrict(text []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		if _, err := dec.Token(); err != io.EOF {
			return fmt.Errorf("%w: more than one JSON object in the line", ErrHistory)
		}
		return nil
	}
	if errors.Is(err, ErrHistory) {
		return err
	}
	return fmt.Errorf("%w: %s", ErrHistory, jsonFault(text, err))
}

// unknownField is how encoding/json begins to tell of a field that is none of
// ours; it has no type for that.
const unknownField = "json: unknown field "

func jsonFault(text []byte, err error) string {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &wrong) && wrong.Field == "":
		return "a line must be one JSON object, not a JSON " + jsonKind(wrong.Value)
	case errors.As(err, &wrong):
		return fmt.Sprintf("field %q must be %s, not a JSON %s", wrong.Field, wanted(wrong.Type.Kind().String()), jsonKind(wrong.Value))
	case strings.HasPrefix(err.Error(), unknownField):
		return "field " + strings.TrimPrefix(err.Error(), unknownField) + " is not known"
	case errors.As(err, &syntax) && !errors.Is(err, io.ErrUnexpectedEOF) && syntax.Offset < int64(len(text)):
		return fmt.Sprintf("not JSON at byte %d (%.20q); a line must be one JSON object", max(syntax.Offset, 1), text[max(syntax.Offset, 1)-1:])
	}
	return "the line ends within a JSON object"
}

// jsonKind leaves the literal of a number, which may be long, at its kind.
func jsonKind(value string) string {
	kind, _, _ := strings.Cut(value, " ")
	if kind == "bool" {
		return "boolean"
	}
	return kind
}

// wanted names a kind of value in words of the format.
func wanted(kind string) string {
	switch kind {
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "slice":
		return "an array"
	case "uint64":
		return "a whole number from 0 to 18446744073709551615"
	}
	if bits, ok := strings.CutPrefix(kind, "int"); ok {
		return "a whole number of " + bits + " bits"
	}
	return "an object"
}
