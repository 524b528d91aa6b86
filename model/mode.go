package model

import "github.com/zksim/zksim/node/proto"

// mode is what kind of node a create makes, and how it is answered.
type mode struct {
	sequential, ephemeral, container bool
	ttl                              int64 // ms; 0: none
	answer                           proto.OpCode
}

// modeOf reads the mode of a create that stands by itself: whether the node is
// numbered, ephemeral or has a time to live is in the flags, whether it is a
// container in the type of the request.
func (s State) modeOf(op *proto.Op) (mode, proto.ErrCode) {
	m := mode{container: op.Type == proto.OpCreateContainer, answer: op.Type}
	switch {
	case op.Flags < 0 || op.Flags > 6:
		return m, proto.BadArguments
	case isTTL(op.Flags) && !s.rules.ExtendedTypes:
		return m, proto.Unimplemented
	case isTTL(op.Flags) != (op.Type == proto.OpCreateTTL):
		return m, proto.BadArguments
	case isTTL(op.Flags):
		m.sequential = op.Flags == proto.FlagTTLSequential
		m.ttl = op.TTL
		return m, s.ttlAllowed(op.TTL)
	}
	m.plain(op.Flags)
	return m, proto.OK
}

// modeInMulti reads the mode of a create in a multi: there the flags say
// everything, and the type only whether there is a time to live to be read.
func (s State) modeInMulti(op *proto.Op) (mode, proto.ErrCode) {
	m := mode{answer: proto.OpCreate}
	switch {
	case op.Flags < 0 || op.Flags > 6:
		return m, proto.BadArguments
	case isTTL(op.Flags) && op.Type != proto.OpCreateTTL:
		return m, proto.MarshallingError
	case isTTL(op.Flags):
		m.sequential = op.Flags == proto.FlagTTLSequential
		m.answer, m.ttl = proto.OpCreate2, op.TTL
		return m, s.ttlAllowed(op.TTL)
	case op.Flags == proto.FlagContainer:
		m.answer, m.container = proto.OpCreate2, true
	}
	m.plain(op.Flags)
	return m, proto.OK
}

func isTTL(f proto.CreateFlags) bool {
	return f == proto.FlagTTL || f == proto.FlagTTLSequential
}

// plain takes over flags 0 to 4; a container is neither numbered nor ephemeral.
func (m *mode) plain(f proto.CreateFlags) {
	m.sequential = f == 2 || f == 3
	m.ephemeral = f == 1 || f == 3
}

func (s State) ttlAllowed(ttl int64) proto.ErrCode {
	switch {
	case !s.rules.ExtendedTypes:
		return proto.Unimplemented
	case ttl < 1 || ttl >= 1<<40:
		return proto.BadArguments
	}
	return proto.OK
}
