package fault

import "fmt"

// Validate reports a name that no server of an ensemble of so many bears.
func (s Statement) Validate(servers int) error {
	if s.Random() {
		return nil
	}
	for _, name := range s.Nodes {
		if n := ServerNumber(name); n < 1 || n > servers {
			return fmt.Errorf("fault %q names %s, but %s; say leader, one or a server's name", s, name, ensemble(servers))
		}
	}
	return nil
}

func ensemble(servers int) string {
	if servers == 1 {
		return "the only server is zk1"
	}
	return fmt.Sprintf("the servers are zk1 to zk%d", servers)
}
