package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// member is one line server.N of a zoo.cfg.
type member struct {
	id       int64
	host     string
	quorum   string // ports
	election string
	client   string // host:port from behind the semicolon, if any
	line     int
}

func (m *member) quorumAddr() string   { return net.JoinHostPort(m.host, m.quorum) }
func (m *member) electionAddr() string { return net.JoinHostPort(m.host, m.election) }

// idMax is the largest number of a server: it is the top byte of session ids, and
// a byte of ones there marks a znode with a time to live, which an ephemeral of such
// a session would be taken for: it would outlive its session.
const idMax = 254

func parseID(s string) (int64, error) {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 1 || id > idMax {
		return 0, fmt.Errorf("%q: want the number of a server, 1 to %d", s, idMax)
	}
	return id, nil
}

// parseMember reads host:quorumPort:electionPort[:role][;[clientHost:]clientPort].
func parseMember(number, value string) (*member, error) {
	id, err := parseID(number)
	if err != nil {
		return nil, err
	}
	m := &member{id: id}
	addresses, client, hasClient := strings.Cut(value, ";")
	if strings.Contains(addresses, "|") {
		return nil, fmt.Errorf("%q: several addresses of one server are not in this version; give one", addresses)
	}
	if err := m.parseAddresses(addresses); err != nil {
		return nil, err
	}
	if hasClient {
		m.client, err = parseClientPart(client)
	}
	return m, err
}

func (m *member) parseAddresses(s string) error {
	want := fmt.Errorf("%q: want host:quorumPort:electionPort, as in zk1.example.org:2888:3888", s)
	rest := s
	if strings.HasPrefix(s, "[") { // an address of IPv6
		end := strings.Index(s, "]:")
		if end < 0 {
			return want
		}
		m.host, rest = s[1:end], s[end+1:]
	} else {
		at := strings.Index(s, ":")
		if at <= 0 {
			return want
		}
		m.host, rest = s[:at], s[at:]
	}
	parts := strings.Split(strings.TrimPrefix(rest, ":"), ":")
	if len(parts) < 2 || len(parts) > 3 {
		return want
	}
	for _, port := range parts[:2] {
		if !isPort(port) || port == "0" {
			return fmt.Errorf("%q: %q is no port, 1 to 65535", s, port)
		}
	}
	m.quorum, m.election = parts[0], parts[1]
	if len(parts) == 3 {
		return checkRole(parts[2])
	}
	return nil
}

func checkRole(role string) error {
	switch strings.ToLower(role) {
	case "participant":
		return nil
	case "observer":
		return fmt.Errorf("%q: observers are not in this version; make it a participant or leave it out", role)
	}
	return fmt.Errorf("%q: want participant", role)
}

func parseClientPart(s string) (string, error) {
	if isPort(s) {
		return ":" + s, nil
	}
	if !isAddress(s) {
		return "", fmt.Errorf("%q: want a port, or host:port, behind the semicolon", s)
	}
	return s, nil
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == s
}
