package netsim

var kindWords = [...]string{
	packetSyn: "a SYN", packetSynAck: "a SYN-ACK", packetEstablished: "the last packet of a handshake",
	packetData: "data", packetFin: "a FIN", packetReset: "a reset",
	eventRoom: "an acknowledgement that makes room", eventDrained: "the end of what was read",
	packetProbe: "a probe for an acknowledgement", eventResend: "the retransmission timer",
	eventProbe: "the probe timer", eventReset: "a reset by a fault", eventWiden: "more room by a fault",
}

// Word says in words what an event of class [Class] brings to the host that it
// is for.
func Word(kind uint8) string {
	if int(kind) >= len(kindWords) || kindWords[kind] == "" {
		return "an event"
	}
	return kindWords[kind]
}
