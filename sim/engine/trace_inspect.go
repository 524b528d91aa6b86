package engine

// Inside is what a server was in full at the end of a run.
type Inside struct {
	ServerState
}

func (c *cluster) inspect() []Inside {
	if !c.cfg.Inspect {
		return nil
	}
	return nil
}
